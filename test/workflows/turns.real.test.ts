import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { readJobStatus } from '../../client/status.ts';
import { statusLines } from '../../client/status-text.ts';
import type { BackupResult } from '../../workflows/contract/backup.ts';
import { backupId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { RestoreRequest, RestoreStatus } from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { currentDetails } from './current-details.ts';
import { keepHistory } from './keep-history.ts';
import { change, contents, type Rig, startRig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({
    waits: { prefix: 'waits/' },
    ends: { prefix: 'ends/' },
    source: { prefix: 'source/' },
    target: { prefix: 'target/' },
    begun: { prefix: 'begun/' },
    hangs: { prefix: 'hangs/' },
    short: { prefix: 'short/', deadline: '10s' },
    slow: { prefix: 'slow/', approval_timeout: '8s' },
  });
});
afterAll(() => rig.stop());

let minutes = 0;

/** Starts a backup as a schedule does; ids are to the second, so each gets one of its own. */
async function startBackup(job: string): Promise<WorkflowHandle> {
  const id = backupId(new Date(Date.now() + ++minutes * 60_000));
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  return rig.client.workflow.start(type, { ...options, args: [{ job, id }] });
}

async function backUp(job: string): Promise<BackupResult> {
  return (await (await startBackup(job)).result()) as BackupResult;
}

/** So many keys that the gate can be closed in the middle of writing them. */
const many = (prefix: string, value: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`${prefix}${index}`, `${value} ${index}`]));

async function request(job: string, wish: RestoreRequest): Promise<WorkflowHandle> {
  const { type, ...options } = startingRestore({ job, store: 'consul' });
  const handle = await rig.client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [{ mode: 'overwrite', requestId: 'first', ...wish }],
  });
  return rig.client.workflow.getHandle(handle.workflowId, handle.signaledRunId, { followRuns: false });
}

async function until(job: string, reached: (status: RestoreStatus) => boolean): Promise<RestoreStatus> {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const status = await rig.client.workflow.getHandle(restoreWorkflowId(job)).query<RestoreStatus>('status');
    if (reached(status)) return status;
    if (Date.now() > giveUp) throw new Error(`not reached: ${JSON.stringify(status)}`);
    await sleep(50);
  }
}

/** A restore of the job that hangs while it writes. */
async function hangingRestore(job: string, wish: RestoreRequest = {}): Promise<WorkflowHandle> {
  await change(rig, many(`${job}/`, 'good'));
  await backUp(job);
  await change(rig, many(wish.toPrefix ?? `${job}/`, 'spoilt'));
  const run = await request(job, { noSafetyBackup: true, ...wish });
  await until(job, ({ phase }) => phase === 'waiting for approval');
  rig.consulGate.holdAfter(100_000);
  const { plan } = await until(job, () => true);
  await rig.client.workflow
    .getHandle(restoreWorkflowId(job))
    .executeUpdate('approve', { args: [{ digest: plan?.digest }] });
  await until(job, ({ phase }) => phase === 'applying');
  await rig.consulGate.held();
  return run;
}

async function untilItWaits(job: string, restore: string): Promise<void> {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const { running } = await readJobStatus(rig.client, job);
    if (running[0]?.waitsFor === restore) return;
    if (Date.now() > giveUp) throw new Error(`does not wait: ${JSON.stringify(running)}`);
    await sleep(50);
  }
}

test('a backup that is due while a restore writes waits, says so, and is made afterwards', async () => {
  await hangingRestore('waits');
  const backup = await startBackup('waits');
  await untilItWaits('waits', 'restore-waits');
  const status = await readJobStatus(rig.client, 'waits');
  expect(statusLines({ status, problems: [] }, Date.now()).join('\n')).toContain(
    'waits for restore-waits, which writes to this store',
  );
  expect(await currentDetails(backup)).toContain('**Waiting for `restore-waits`**');

  rig.consulGate.release();
  const { last } = await until('waits', (seen) => seen.last !== undefined);
  expect(last).toMatchObject({ outcome: 'restored', proof: { differing: 0 } });
  expect(await backup.result()).toMatchObject({ content: { records: 3000 } });
  expect((await backup.describe()).memo).not.toHaveProperty('holdfastWaitsFor');
  // What was kept is the store after the restore, not one in the middle of it.
  const kept = await request('waits', { dryRun: true, mode: 'mirror', requestId: 'second' });
  await expect(kept.result()).rejects.toThrow('continued');
  const after = await until('waits', (seen) => seen.last?.requestId === 'second');
  expect(after.last?.plan).toMatchObject({ add: 0, change: 0, remove: 0, equal: 3000 });
  await keepHistory(backup, 'backup-waited');
});

test('a restore that somebody terminates holds back nothing any more', async () => {
  const run = await hangingRestore('ends');
  const waiting = await startBackup('ends');
  await untilItWaits('ends', 'restore-ends');
  await run.terminate('in the UI');
  rig.consulGate.release();
  expect(await backUp('ends')).toMatchObject({ content: { records: 3000 } });
  expect(await waiting.result()).toMatchObject({ content: { records: 3000 } });
});

test('a restore into the store of another job makes the backups of that one wait, and no others', async () => {
  await change(rig, { 'target/own': '1' });
  await hangingRestore('source', { toJob: 'target', toPrefix: 'target/' });
  const backup = await startBackup('target');
  await untilItWaits('target', 'restore-source');
  const other = await startBackup('source');
  await sleep(1000);
  expect((await readJobStatus(rig.client, 'source')).running).toMatchObject([
    expect.not.objectContaining({ waitsFor: expect.anything() as unknown }),
  ]);
  rig.consulGate.release();
  expect(await other.result()).toMatchObject({ content: { records: 3000 } });
  expect(await backup.result()).toMatchObject({ content: { records: 3001 } });
  expect(await contents(rig, 'target/')).toMatchObject({ 'target/0': 'good 0', 'target/own': '1' });
});

test('a backup that is at work is waited for before anything is written', async () => {
  await change(rig, { 'begun/key': 'good' });
  await backUp('begun');
  await change(rig, { 'begun/key': 'spoilt' });
  const run = await request('begun', {});
  const { plan } = await until('begun', ({ phase }) => phase === 'waiting for approval');
  rig.consulGate.hold();
  const backup = await startBackup('begun');
  await rig.consulGate.held();
  await rig.client.workflow
    .getHandle(restoreWorkflowId('begun'))
    .executeUpdate('approve', { args: [{ digest: plan?.digest }] });
  await until('begun', ({ phase }) => phase === 'waiting for backups');
  // Long enough for it to look, and to see that backup.
  await sleep(4000);
  expect(await until('begun', () => true)).toMatchObject({ phase: 'waiting for backups' });
  rig.consulGate.release();
  expect(await backup.result()).toMatchObject({ content: { records: 1 } });
  const { last } = await until('begun', (seen) => seen.last !== undefined);
  expect(last).toMatchObject({ outcome: 'restored' });
  expect(await contents(rig, 'begun/')).toEqual({ 'begun/key': 'good' });
  await keepHistory(run, 'restore-waited');
});

test('a backup waits no longer than the deadline of its job', async () => {
  await hangingRestore('hangs', { toJob: 'short', toPrefix: 'short/' });
  const backup = await startBackup('short');
  const end: unknown = await backup.result().catch((error: unknown) => error);
  rig.consulGate.release();
  expect(end).toMatchObject({ cause: { type: 'StoreBusy' } });
  await until('hangs', ({ last }) => last?.outcome === 'restored');
});

test('an approval does not last for ever: what could not begin in time expires', async () => {
  await change(rig, { 'slow/key': 'good' });
  await backUp('slow');
  await change(rig, { 'slow/key': 'spoilt' });
  await request('slow', {});
  const { plan } = await until('slow', ({ phase }) => phase === 'waiting for approval');
  rig.consulGate.hold();
  const backup = await startBackup('slow');
  await rig.consulGate.held();
  await rig.client.workflow
    .getHandle(restoreWorkflowId('slow'))
    .executeUpdate('approve', { args: [{ digest: plan?.digest }] });
  await until('slow', ({ phase }) => phase === 'waiting for backups');
  await sleep(9000);
  rig.consulGate.release();
  await backup.result();
  const { last } = await until('slow', (seen) => seen.last !== undefined);
  expect(last).toMatchObject({ outcome: 'expired' });
  expect(await contents(rig, 'slow/')).toEqual({ 'slow/key': 'spoilt' });
});
