import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { type Problem, readJudgedBackup } from '../../client/health.ts';
import { readDamage } from '../../storage/damage.ts';
import { listMarks } from '../../storage/marks.ts';
import type { BackupResult } from '../../workflows/contract/backup.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { scrubResultIn, type ScrubResult } from '../../workflows/contract/scrub.ts';
import { startingBackup, startingVerify } from '../../workflows/contract/starting.ts';
import { currentDetails } from './current-details.ts';
import { keepHistory } from './keep-history.ts';
import { change, type Rig, startRig } from './rig.ts';

let rig: Rig;
let time = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  rig = await startRig({
    stored: { prefix: 'stored/', verify: { slices: 2 } },
    unset: { prefix: 'unset/' },
  });
  await change(rig, { 'stored/a': '1', 'stored/b': '2', 'unset/a': '1' });
});
afterAll(() => rig.stop());

const nextId = (): string => backupId(new Date((time += 48 * 3_600_000)));

async function backup(job: string): Promise<BackupResult> {
  const id = nextId();
  const { type, ...starting } = startingBackup({ job, store: 'consul' }, id);
  const handle = await rig.client.workflow.start(type, { ...starting, args: [{ job, id }] });
  return (await handle.result()) as BackupResult;
}

async function startVerify(job: string): Promise<WorkflowHandle> {
  const id = nextId();
  const { type, ...starting } = startingVerify({ job, store: 'consul' }, id);
  return rig.client.workflow.start(type, { ...starting, args: [{ job, id }] });
}

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause;
}

/** Temporal lists a run that ended a little later. */
async function problemsWhen(wanted: (problems: readonly Problem[]) => boolean): Promise<readonly Problem[]> {
  const job = rig.config.jobs.get('stored');
  if (job === undefined) throw new Error('the rig has it');
  for (let look = 1; ; look++) {
    const { problems } = await readJudgedBackup(rig.client, job);
    if (wanted(problems) || look === 50) return problems;
    await sleep(200);
  }
}

test('two runs read everything in two slices; damage fails the run, is marked, and is forgotten once it is mended', async () => {
  const backups = [await backup('stored'), await backup('stored'), await backup('stored')];
  const whole = await startVerify('stored');
  const first = (await whole.result()) as ScrubResult;
  await keepHistory(whole, 'verify');
  const second = (await (await startVerify('stored')).result()) as ScrubResult;
  expect(first).toMatchObject({ outcome: 'whole', slice: { number: 1, of: 2 }, backups: 3, damaged: 0 });
  expect(second).toMatchObject({ outcome: 'whole', slice: { number: 2, of: 2 }, backups: 3, findings: [] });
  expect((first.objectsRead ?? 0) + (second.objectsRead ?? 0)).toBe(3);
  expect(await currentDetails(whole)).toContain('everything is as it was written');

  const [{ id } = { id: '' }] = backups;
  const name = `stored/${id}/records.ndjson.zst`;
  const bytes = Buffer.concat(await Array.fromAsync(rig.storage.get(name)));
  await rig.storage.remove([name]);
  const run = await startVerify('stored');
  const failure = await failureOf(run);
  await keepHistory(run, 'verify-damaged');
  expect(failure.type).toBe('BackupDamaged');
  const result = scrubResultIn(failure.details);
  const finding = { kind: 'missing', backup: id, object: `${id}/records.ndjson.zst` };
  expect(result).toMatchObject({ outcome: 'damaged', damaged: 1, findings: [finding] });
  expect(await currentDetails(run)).toContain('Backups are damaged');
  expect(await readDamage(rig.storage, { job: 'stored', id })).toMatchObject({
    by: run.workflowId,
    findings: [finding],
  });

  const damaged = { kind: 'damaged', text: expect.stringContaining('cannot be relied on') as unknown };
  expect(await problemsWhen((problems) => problems.length > 0)).toEqual([expect.objectContaining(damaged)]);

  await rig.storage.putOnce(name, bytes);
  expect(await (await startVerify('stored')).result()).toMatchObject({ outcome: 'whole', damaged: 0 });
  expect([...(await listMarks(rig.storage, 'stored'))]).toEqual([]);
  expect(await problemsWhen((problems) => problems.length === 0)).toEqual([]);
});

test('a job without `verify` is refused at once: no worker would take it', async () => {
  const failure = await failureOf(await startVerify('unset'));
  expect(failure.type).toBe('BadRequest');
  expect(scrubResultIn(failure.details)).toMatchObject({
    outcome: 'failed',
    failure: { code: 'BadRequest' },
  });
});
