import { scrubStored } from '../activities/scrub/scrub-stored.ts';
import { staleBefore } from '../storage/prune.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { isDamage, type Scrubbed, type Slice, type StoredFinding } from '../workflows/contract/scrub.ts';
import { bytes, counted, duration } from './format.ts';
import type { Io } from './io.ts';
import { paint, printJson, printLine, say } from './output.ts';
import { createProgressLine } from './progress.ts';
import type { OpenedSource } from './sources.ts';
import { visible } from './visible.ts';
import { whoAmI } from './who-am-i.ts';

/** `2/7`: the second of seven. @throws BadRequest */
export function parseSlice(text: string): Slice {
  const [, number = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const slice = { number: Number(number), of: Number(of) };
  if (slice.number >= 1 && slice.number <= slice.of) return slice;
  throw new HoldfastError(
    'BadRequest',
    `${JSON.stringify(text)} is no slice: say 1/7 to 7/7, or 1/1 for everything.`,
  );
}

/** Reads a slice of all backups of a job back, as the workflow `verify` does. @throws BackupDamaged */
export async function verifySlice(source: OpenedSource, slice: Slice, json: boolean, io: Io): Promise<void> {
  const { job, storage, repository } = source;
  const started = performance.now();
  const line = createProgressLine(io);
  const scrubbed = await scrubStored({
    ...{ job, storage, repository, slice, by: whoAmI(io), signal: io.signal },
    identities: repository === undefined ? [] : await source.identities(),
    staleBefore: staleBefore(new Date(), {}),
    log: { warn: (message) => say(io, message) },
    onProgress: (progress) => line.update(progress),
  }).finally(() => line.clear());
  const milliseconds = Math.round(performance.now() - started);
  if (json) await printJson(io, { job, whole: scrubbed.damaged === 0, ...scrubbed, milliseconds });
  else await printFindings(job, scrubbed, milliseconds, io);
  if (scrubbed.damaged === 0) return;
  throw new HoldfastError(
    'BackupDamaged',
    `${scrubbed.damaged} of ${scrubbed.backups} backups of ${job} cannot be relied on.`,
  );
}

async function printFindings(
  job: string,
  { slice, backups, objectsRead, bytesRead, damaged, findings, findingsInAll }: Scrubbed,
  milliseconds: number,
  io: Io,
): Promise<void> {
  for (const finding of findings) await printLine(io, findingText(finding, io));
  if (findingsInAll > findings.length)
    await printLine(
      io,
      `… and ${findingsInAll - findings.length} more; \`holdfast show ${job} BACKUP\` has them.`,
    );
  const read = `${counted(objectsRead, 'object')} (${bytes(bytesRead)}) read back`;
  const verdict =
    damaged === 0
      ? paint(io, io.stdout, 'green', 'all are whole')
      : paint(io, io.stdout, 'red', `${damaged} damaged`);
  await printLine(
    io,
    `${job}, slice ${slice.number} of ${slice.of}: ${counted(backups, 'backup')} looked at, ${read}; ${verdict}. Took ${duration(milliseconds)}.`,
  );
}

function findingText(finding: StoredFinding, io: Io): string {
  const { kind, backup, object, detail } = finding;
  const what = kind.padEnd('truncated'.length);
  return `${isDamage(finding) ? paint(io, io.stdout, 'red', what) : what}  ${backup}  ${object}: ${visible(detail)}`;
}
