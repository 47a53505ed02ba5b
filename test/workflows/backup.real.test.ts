import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { nextSecond } from '../../services/next-second.ts';
import { readManifest } from '../../storage/catalog.ts';
import type { BackupInput, BackupResult } from '../../workflows/contract/backup.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingBackup } from '../../workflows/contract/starting.ts';
import { keepHistory } from './keep-history.ts';
import { currentDetails } from './current-details.ts';
import { change, eventCount, type Rig, startRig, token } from './rig.ts';
import { runsThatHold } from './runs-that-hold.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({
    plain: { prefix: 'plain/' },
    quiet: { prefix: 'quiet/' },
    empty: { prefix: 'nothing/' },
    stopped: { prefix: 'plain/' },
    twice: { prefix: 'plain/' },
    hurried: { prefix: 'plain/', deadline: '3s' },
    robbed: { prefix: 'quiet/' },
    daily: { prefix: 'quiet/' },
    pruned: { prefix: 'few/', keep: { last: 1 } },
  });
  await change(rig, { 'plain/a': 'one', 'plain/ü|`<b>': 'two', 'quiet/x': '1', 'few/x': '1' });
});
afterAll(() => rig.stop());

type Backup = (input: BackupInput) => Promise<BackupResult>;

async function start(job: string, input: Partial<BackupInput> = {}) {
  const id = input.id ?? backupId(new Date());
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  const args: [BackupInput] = [{ job, id, ...input }];
  return rig.client.workflow.start<Backup>(type, { ...options, args });
}

/** Ids are to the second, so the next backup of a job needs the next second. */
async function backup(job: string, input: Partial<BackupInput> = {}): Promise<BackupResult> {
  await nextSecond();
  const handle = await start(job, input);
  return handle.result();
}

async function failureOf(handle: {
  result(): Promise<unknown>;
}): Promise<ApplicationFailure | CancelledFailure> {
  const error: unknown = await handle.result().then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw error;
  if (error.cause instanceof ApplicationFailure || error.cause instanceof CancelledFailure)
    return error.cause;
  throw error;
}

test('a backup is captured, read back, published and shown', async () => {
  const handle = await start('plain');
  const result = await handle.result();

  expect(result).toMatchObject({ job: 'plain', content: { records: 2 }, pruned: [] });
  expect(result.manifest).toBe(`s3://backups/plain/${result.id}/manifest.json`);
  expect(await rig.stored('plain')).toEqual([
    `plain/${result.id}/manifest.json`,
    `plain/${result.id}/records.ndjson.zst`,
  ]);
  const manifest = await readManifest(rig.storage, 'plain', result.id);
  expect(manifest).toMatchObject({
    reason: 'manual',
    scope: { prefix: 'plain/' },
    content: result.content,
    madeBy: { version: '0.1.0', workflowId: handle.workflowId, runId: handle.firstExecutionRunId },
  });

  const run = await handle.describe();
  expect(
    Object.fromEntries(run.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])),
  ).toMatchObject({
    HoldfastJob: 'plain',
    HoldfastStore: 'consul',
    HoldfastBackupId: result.id,
    HoldfastVerified: true,
    HoldfastBytes: result.content.bytes,
  });
  expect(await currentDetails(handle)).toContain('**Done: stored, read back and published**');
  expect(await eventCount(handle)).toBeLessThanOrEqual(40);
  await keepHistory(handle, 'backup');
});

test('a store that has not changed costs a manifest, and a change costs a capture', async () => {
  const first = await backup('quiet');
  const handle = await start('quiet', { id: backupId(new Date(Date.now() + 60_000)) });
  const second = await handle.result();
  expect(second).toMatchObject({ unchangedSince: first.id, storedBytes: 0, content: first.content });
  expect(await rig.stored('quiet')).toEqual([
    `quiet/${first.id}/manifest.json`,
    `quiet/${first.id}/records.ndjson.zst`,
    `quiet/${second.id}/manifest.json`,
  ]);
  await keepHistory(handle, 'backup-unchanged');

  // Refers to where the data is, not to the manifest in between.
  const third = await backup('quiet', { id: backupId(new Date(Date.now() + 120_000)) });
  expect(third.unchangedSince).toBe(first.id);

  await change(rig, { 'quiet/x': '2' });
  const fourth = await backup('quiet', { id: backupId(new Date(Date.now() + 180_000)) });
  expect(fourth.unchangedSince).toBeUndefined();
  expect(fourth.content.digest).not.toBe(first.content.digest);
});

test('data that is a day old is captured anew', async () => {
  const first = await backup('daily');
  const tomorrow = await backup('daily', { id: backupId(new Date(Date.now() + 24 * 3_600_000)) });
  expect(tomorrow.unchangedSince).toBeUndefined();
  expect(tomorrow.content).toEqual(first.content);
});

test('data that is gone is captured anew', async () => {
  const first = await backup('robbed');
  await rig.storage.remove([`robbed/${first.id}/records.ndjson.zst`]);
  const second = await backup('robbed');
  expect(second.unchangedSince).toBeUndefined();
});

test('a safety backup stands on its own, and may be empty', async () => {
  await backup('quiet', { id: backupId(new Date(Date.now() + 240_000)) });
  const safety = await backup('quiet', { id: backupId(new Date(Date.now() + 300_000)), reason: 'safety' });
  expect(safety.unchangedSince).toBeUndefined();
  const empty = await backup('empty', { reason: 'safety', scope: { prefix: 'nothing/' } });
  expect(empty.content.records).toBe(0);
});

test('an empty store fails, says so, and leaves nothing', async () => {
  const handle = await start('empty', { id: backupId(new Date(Date.now() + 60_000)) });
  const failure = await failureOf(handle);
  expect(failure).toMatchObject({ type: 'StoreEmpty' });
  expect(failure.message).toContain('shows no keys under "nothing/"');
  const details = await currentDetails(handle);
  expect(details).toContain('**Failed: StoreEmpty**');
  expect(details).toContain('allow_empty');
  expect(details).toContain('nothing of it is left');
  const left = (await rig.stored('empty')).filter((name) => name.includes(handle.workflowId.slice(-20)));
  expect(left).toEqual([]);
  await keepHistory(handle, 'backup-failed');
});

test('an unknown job fails at once and names the known ones', async () => {
  const failure = await failureOf(await start('unknown'));
  expect(failure).toMatchObject({ type: 'UnknownJob' });
  expect(failure.message).toContain('plain, pruned');
});

test('a cancelled backup leaves nothing behind', async () => {
  rig.s3Gate.holdAfter(1500);
  const handle = await start('stopped');
  await rig.s3Gate.held();
  await sleep(300);
  await handle.cancel();
  await sleep(300);
  rig.s3Gate.release();
  expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await rig.stored('stopped')).toEqual([]);
  expect(await rig.storage.abortUploads('stopped/')).toBe(0);
  expect(await currentDetails(handle)).toContain('**Cancelled**');
  await keepHistory(handle, 'backup-cancelled');
});

test('another run with the same id does not touch what is published', async () => {
  const { id, content } = await backup('twice');
  const again = await rig.client.workflow.start('backup', {
    taskQueue: 'holdfast',
    workflowId: 'backup-twice-by-another-name',
    args: [{ job: 'twice', id }],
  });
  expect(await failureOf(again)).toMatchObject({ type: 'BackupExists' });
  expect((await readManifest(rig.storage, 'twice', id)).content).toEqual(content);
  expect(await rig.stored('twice')).toHaveLength(2);
});

test('a run that was reset to its beginning comes to the same backup', async () => {
  const handle = await start('twice', { id: backupId(new Date(Date.now() + 60_000)) });
  const first = await handle.result();
  await rig.client.workflowService.resetWorkflowExecution(
    temporal.api.workflowservice.v1.ResetWorkflowExecutionRequest.fromObject({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId: handle.firstExecutionRunId },
      workflowTaskFinishEventId: 4,
      requestId: 'reset',
    }),
  );
  const again = await rig.client.workflow.getHandle<Backup>(handle.workflowId).result();
  expect(again).toMatchObject({ id: first.id, content: first.content });
});

test('what does not succeed by the deadline fails with its last error', async () => {
  rig.consulGate.hold();
  const handle = await start('hurried');
  const failure = await failureOf(handle);
  rig.consulGate.release();
  expect(failure).toMatchObject({ type: 'DeadlineExceeded' });
  expect(failure.cause).toBeInstanceOf(ActivityFailure);
  expect(await rig.stored('hurried')).toEqual([]);
});

test('what retention no longer keeps goes with the next backup', async () => {
  const old = await backup('pruned');
  await change(rig, { 'few/x': 'changed' });
  const next = await backup('pruned');
  expect(next.pruned).toEqual([old.id]);
  expect(await rig.stored('pruned')).toEqual([
    `pruned/${next.id}/manifest.json`,
    `pruned/${next.id}/records.ndjson.zst`,
  ]);
});

test('no history holds a credential', async () => {
  const { storage } = rig.config.jobs.values().next().value ?? {};
  const key = storage?.kind === 's3' ? storage.s3.credentials?.secretAccessKey : undefined;
  expect(key).toBeDefined();
  expect(await runsThatHold(rig, key ?? '')).toEqual([]);
  expect(await runsThatHold(rig, token)).toEqual([]);
  // It would find them: what is no secret is there.
  expect(await runsThatHold(rig, 's3://backups')).not.toEqual([]);
});
