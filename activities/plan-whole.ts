import { writeLines } from '../archive/writer.ts';
import { objectName } from '../storage/layout.ts';
import type { WholeComparison, WholeItem } from '../stores/consul/compare.ts';
import { openWholeConsul } from '../stores/consul/whole.ts';
import { keyLine } from '../stores/plan-line.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import type { Plan, PlanLine, PlanRestoreInput } from '../workflows/contract/restore.ts';
import { targetOf } from './restore-request.ts';
import { jobOf, type Step } from './step.ts';
import { compareNow, consulOf, type WholeSources, withWholeSources } from './whole-sources.ts';

/**
 * Compares the snapshot with the living Consul, key by key and thing by thing, and stores what its restore would
 * change. Changes nothing.
 *
 * @throws BadRequest, BackupNotFound, ArchiveCorrupt, and what stores and storages throw
 */
export async function planWhole(step: Step, input: PlanRestoreInput): Promise<Plan> {
  const { request, restoreId } = input;
  const other = (['prefix', 'toPrefix', 'mode'] as const).filter((name) => request[name] !== undefined);
  if (other.length > 0) {
    throw new HoldfastError(
      'BadRequest',
      `A restore of all of Consul replaces everything; ${other.join(', ')} is for its keys. Leave out \`whole\`, and ` +
        'the keys are restored out of the snapshot.',
    );
  }
  const job = jobOf(step.config, input.job);
  const target = targetOf(step.config, job, request);
  return withWholeSources(step, { job, target, backup: request.backup ?? 'latest' }, async (sources) => {
    const { manifest, object, storage } = sources;
    if (request.noSafetyBackup !== true) requireSecretSafety(sources);
    const comparison = await compareNow(step, sources, 'planning');
    const examples: PlanLine[] = [];
    const { recipients } = job.encryption;
    const counts = { add: 0, change: 0, remove: 0 };
    const count = (line: PlanLine): void => {
      if (line.op === 'refuse') return;
      if (counts[line.op]++ < mostExamples) examples.push(shortened(line));
    };
    const writing = writeLines(linesOf(comparison, manifest, object, count), { recipients });
    const name = `restores/${restoreId}/plan.ndjson.zst${recipients.length > 0 ? '.age' : ''}`;
    await storage.put(objectName(job.name, name), writing.bytes, { signal: step.signal });
    const found = comparison.result();
    return {
      ...{ restoreId, job: job.name, toJob: target.name, backup: manifest.id, mode: 'mirror' },
      ...{ from: { prefix: '' }, to: { prefix: '', whole: true } },
      ...counts,
      ...{ equal: found.equal, keep: 0, refused: 0, examples, storeIndex: found.liveIndex },
      ...{ digest: writing.sealed().plainSha256, object: name },
      whole: { counts: found.counts, warnings: await warningsOf(step, sources, found) },
    };
  });
}

const mostExamples = 10;
const longestKey = 256;

async function* linesOf(
  comparison: WholeComparison,
  { id }: Manifest,
  { plainSha256 }: DataObject,
  onLine: (line: PlanLine) => void,
): AsyncGenerator<Buffer> {
  for await (const items of comparison.items) {
    const lines = items.map(lineOf);
    lines.forEach(onLine);
    if (lines.length > 0) yield Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
  const { counts } = comparison.result();
  yield Buffer.from(`${JSON.stringify({ whole: { backup: id, sha256: plainSha256, counts } })}\n`);
}

function lineOf(item: WholeItem): PlanLine {
  const { op, seen } = item;
  return item.key === undefined
    ? { op, kind: item.thing.kind, key: item.thing.id, seen }
    : { op, ...keyLine(item.key), seen };
}

function shortened(line: PlanLine): PlanLine {
  const cut = (text: string): string => (text.length > longestKey ? `${text.slice(0, longestKey)}…` : text);
  if (line.key !== undefined) return { ...line, key: cut(line.key) };
  return line.keyBase64 === undefined ? line : { ...line, keyBase64: cut(line.keyBase64) };
}

/** The safety backup holds the secrets of the Consul that is replaced. */
function requireSecretSafety({ target, object }: WholeSources): void {
  const { recipients, allowPlaintext } = target.encryption;
  if (recipients.length > 0 || allowPlaintext || object.encryption === 'none') return;
  throw new HoldfastError(
    'BadRequest',
    `Before everything is replaced, all of it is backed up, with the secrets of all ACL tokens, and job ${target.name} ` +
      'has no `encrypt.recipients`. Name some, or say `encrypt: { allow_plaintext: true }`, or ask for no safety backup.',
  );
}

/** What happens to the rights of those who restore. */
async function warningsOf(
  step: Step,
  { target }: WholeSources,
  { backup }: ReturnType<WholeComparison['result']>,
): Promise<readonly string[]> {
  const { token } = consulOf(target);
  const consul = openWholeConsul(consulOf(target));
  const state = await consul.tokenState(step.signal).finally(() => consul.close());
  if (state === 'ACLs are off') return [];
  const warnings = [
    'Consul then takes the ACL tokens of the backup, and no others: those made since are gone.',
  ];
  if (token !== undefined && backup.holdsToken(token)) return warnings;
  const proof =
    backup.managementToken() === undefined
      ? 'and there is no management token in the backup with which the result could be read: it cannot be proven'
      : 'so the result is read with a management token of the backup; give the job a token of it afterwards';
  return [
    ...warnings,
    `The token of job ${target.name} is not in the backup: Consul takes it no more after that, ${proof}.`,
  ];
}
