import type { Command } from 'commander';
import { isDamageError } from '../../activities/scrub/read-holder.ts';
import { settleDamaged, settleWhole } from '../../activities/scrub/settle-one.ts';
import { verifyIndices } from '../../activities/verify-indices.ts';
import { verifySnapshot } from '../../activities/verify-snapshot.ts';
import { checkDocuments } from '../../archive/documents/read-documents.ts';
import { checkRecords } from '../../archive/reader.ts';
import type { Progress } from '../../workflows/contract/backup.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Check } from '../../workflows/contract/manifest.ts';
import { bytes, counted, duration } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine, say } from '../output.ts';
import { createProgressLine } from '../progress.ts';
import { type OpenedBackup, openBackup } from '../records.ts';
import { parseSlice, verifySlice } from '../verify-slice.ts';
import { whoAmI } from '../who-am-i.ts';
import { addSourceOptions, type OpenedSource, type SourceOptions, withSource } from '../sources.ts';

export function addVerifyCommand(program: Command, io: Io): void {
  const verify = program
    .command('verify')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time> (default: latest)')
    .summary('read a backup, or all of a job, back and check every digest')
    .description(
      'Read a whole backup back and check every size, digest and count. With --slice, look at all backups of the job: ' +
        'each manifest, each object in its size, and every stored byte of that slice; what is missing, truncated, ' +
        'flipped or unlisted is named. A damaged backup is marked so, until it is found whole again; nothing is ' +
        'deleted. Exit code 3 where something is damaged.',
    )
    .option(
      '--slice <n/t>',
      'all backups of the job, reading back the n-th of t parts of their bytes; 1/1 is all',
    );
  addSourceOptions(verify)
    .action((job: string, backup: string | undefined, { slice }: VerifyOptions, command: Command) => {
      const { json } = globalOptions(command);
      if (slice === undefined)
        return withSource(job, command, io, (source) => verifyBackup(source, backup ?? 'latest', json, io));
      if (backup !== undefined)
        throw new HoldfastError(
          'BadRequest',
          '`--slice` is about all backups of a job: name no backup beside it.',
        );
      const parsed = parseSlice(slice);
      return withSource(job, command, io, (source) => verifySlice(source, parsed, json, io));
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast verify consul-prod', 'the newest backup'],
        ['holdfast verify consul-prod 20261122T041500Z --json', 'for a program'],
        ['holdfast verify consul-prod --slice 1/7', 'all backups, a seventh of their bytes'],
        ['holdfast verify consul-prod --slice 1/1', 'all backups, every byte'],
      ),
    );
}

interface VerifyOptions extends SourceOptions {
  readonly slice?: string;
}

async function verifyBackup(source: OpenedSource, which: string, json: boolean, io: Io): Promise<void> {
  const started = performance.now();
  try {
    const backup = await openBackup(source, which, io);
    const checks = await readBack(source, backup, io).catch(async (error: unknown) => {
      if (isDamageError(error)) await settleDamaged(await settlingOf(source, io), backup.manifest, error);
      throw error;
    });
    await settleWhole(await settlingOf(source, io), backup.manifest);
    const milliseconds = Math.round(performance.now() - started);
    await printVerdict(source.job, backup, checks, milliseconds, json, io);
  } catch (error) {
    if (json && error instanceof HoldfastError) {
      const { code, message } = error;
      await printJson(io, { job: source.job, backup: which, whole: false, error: { code, message } });
    }
    throw error;
  }
}

async function settlingOf(source: OpenedSource, io: Io) {
  const { job, storage, repository } = source;
  const identities = repository === undefined ? [] : await source.identities();
  const log = { warn: (message: string) => say(io, message) };
  return { job, storage, repository, identities, by: whoAmI(io), signal: io.signal, log };
}

async function readBack(
  { job, storage, repository }: OpenedSource,
  { bytes: source, object, options, manifest }: OpenedBackup,
  io: Io,
): Promise<readonly Check[]> {
  const line = createProgressLine(io);
  const totals = { recordsTotal: manifest.content.records, bytesTotal: manifest.content.bytes };
  try {
    if (object.format === 'snapshot.db' || object.format === 'consul.snap') {
      const reader = { signal: io.signal, onProgress: (progress: Progress) => line.update(progress) };
      // By the folder's name: the manifest of a job that was renamed still has the old one.
      return await verifySnapshot(reader, storage, { ...manifest, job }, object, options.identities);
    }
    if (object.format === 'indices.ndjson') {
      const { identities } = options;
      const verifying = { job: repository, storage, identities, signal: io.signal };
      return await verifyIndices(verifying, { ...manifest, job }, object);
    }
    const check = object.format === 'documents.ndjson' ? checkDocuments : checkRecords;
    await check(source, object, options, (counts) =>
      line.update({ phase: 'verifying', ...counts, ...totals }),
    );
    return [];
  } finally {
    line.clear();
  }
}

async function printVerdict(
  job: string,
  { manifest, object, options }: OpenedBackup,
  checks: readonly Check[],
  milliseconds: number,
  json: boolean,
  io: Io,
): Promise<void> {
  const { id, content } = manifest;
  const { storedBytes } = object;
  if (json) {
    const facts = {
      records: content.records,
      bytes: content.bytes,
      storedBytes,
      digest: content.digest,
      checks,
    };
    return printJson(io, { job, backup: id, whole: true, address: options.address, ...facts, milliseconds });
  }
  const whole = paint(io, io.stdout, 'green', 'is whole');
  const facts = `${counted(content.records, 'record')}, ${bytes(content.bytes)}, stored ${bytes(storedBytes)}`;
  await printLine(
    io,
    `${job} ${id} ${whole}: ${facts}; every digest is right. Took ${duration(milliseconds)}.`,
  );
  for (const { name, outcome, detail } of checks) await printLine(io, `${name} ${outcome}: ${detail}`);
  await printLine(io, options.address);
}
