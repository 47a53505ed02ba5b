import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { readEntry } from '../../storage/catalog.ts';
import { decodeDocument } from '../../storage/document.ts';
import { backupId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type {
  Approval,
  Decided,
  Refusal,
  RestoreReport,
  RestoreRequest,
  RestoreStatus,
} from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { keepHistory } from './keep-history.ts';
import { currentDetails } from './current-details.ts';
import { change, contents, type Rig, startRig, token } from './rig.ts';
import { runsThatHold } from './runs-that-hold.ts';

let rig: Rig;

/** Each test has a job, so a prefix, of its own. */
const names = [
  'shown',
  'declined',
  'dry',
  'late',
  'raced',
  'failing',
  'queued',
  'equal',
  'signalled',
  'cut',
  'locked',
  'idle',
];

beforeAll(async () => {
  rig = await startRig({
    ...Object.fromEntries(names.map((name) => [name, { prefix: `${name}/` }])),
    late: { prefix: 'late/', approval_timeout: '2s' },
    elsewhere: { prefix: 'elsewhere/' },
  });
  for (const name of names) await prepare(name);
});
afterAll(() => rig.stop());

/** Three keys, a backup of them, and then a store that differs in one of each kind. */
async function prepare(job: string): Promise<void> {
  await change(rig, { [`${job}/gone`]: 'gone', [`${job}/changed`]: 'as it was', [`${job}/same`]: 'same' });
  await backup(job);
  await change(rig, { [`${job}/gone`]: null, [`${job}/changed`]: 'spoilt', [`${job}/new`]: 'new' });
}

async function backup(job: string): Promise<void> {
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
}

const asItWas = (job: string): object => ({
  [`${job}/gone`]: 'gone',
  [`${job}/changed`]: 'as it was',
  [`${job}/same`]: 'same',
});

/** Sends a request; gives the run that takes it up. */
async function request(job: string, wish: RestoreRequest) {
  const { type, ...options } = startingRestore({ job, store: 'consul' });
  const handle = await rig.client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [wish],
  });
  // Following would lead from a failed run to the next one, which stands by for ever.
  return rig.client.workflow.getHandle(handle.workflowId, handle.signaledRunId, { followRuns: false });
}

const standing = (job: string) => rig.client.workflow.getHandle(restoreWorkflowId(job));

async function statusOf(job: string): Promise<RestoreStatus> {
  return standing(job).query<RestoreStatus>('status');
}

async function until(job: string, reached: (status: RestoreStatus) => boolean): Promise<RestoreStatus> {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const status = await statusOf(job);
    if (reached(status)) return status;
    if (Date.now() > giveUp) throw new Error(`not reached: ${JSON.stringify(status)}`);
    await sleep(50);
  }
}

const waits = ({ phase }: RestoreStatus): boolean => phase === 'waiting for approval';

async function waitingPlan(job: string) {
  const { plan } = await until(job, waits);
  if (plan === undefined) throw new Error('no plan');
  return plan;
}

async function approve(job: string): Promise<void> {
  const { digest } = await waitingPlan(job);
  await standing(job).executeUpdate<Decided, [Approval]>('approve', {
    args: [{ digest: digest.slice(0, 12), by: 'a test' }],
  });
}

/** The report of the restore that follows; waits for it. */
async function reportOf(job: string, requestId: string): Promise<RestoreReport> {
  const { last } = await until(job, (status) => status.last?.requestId === requestId);
  if (last === undefined) throw new Error('no report');
  return last;
}

async function rejection(
  job: string,
  name: 'approve' | 'decline',
  message: object,
): Promise<ApplicationFailure> {
  const error: unknown = await standing(job)
    .executeUpdate<Decided, [object]>(name, { args: [message] })
    .catch((reason: unknown) => reason);
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
    return error.cause;
  throw new Error(`not rejected: ${String(error)}`);
}

async function runsOf(job: string) {
  const runs = [];
  const query = `WorkflowId = '${restoreWorkflowId(job)}'`;
  for await (const run of rig.client.workflow.list({ query })) runs.push(run);
  return runs.sort((one, other) => one.startTime.getTime() - other.startTime.getTime());
}

test('a restore shows its plan, waits, keeps what it overwrites, writes, and proves', async () => {
  const run = await request('shown', { mode: 'mirror', requestId: 'first' });
  const plan = await waitingPlan('shown');
  expect(plan).toMatchObject({ add: 1, change: 1, remove: 1, equal: 1, mode: 'mirror' });
  const shown = await currentDetails(run);
  expect(shown).toContain('| add | `shown/gone` |');
  expect(shown).toContain('| change | `shown/changed` |');
  expect(shown).toContain('| remove | `shown/new` |');
  expect(shown).toContain(plan.digest.slice(0, 12));
  expect(await contents(rig, 'shown/')).toMatchObject({ 'shown/changed': 'spoilt' });

  await approve('shown');
  const report = await reportOf('shown', 'first');
  expect(report).toMatchObject({
    outcome: 'restored',
    decidedBy: 'a test',
    applied: { added: 1, changed: 1, removed: 1, conflicts: 0 },
    proof: { compared: 3, differing: 0 },
  });
  expect(await contents(rig, 'shown/')).toEqual(asItWas('shown'));

  const safety = await readEntry(rig.storage, 'shown', report.safetyBackup ?? '');
  expect(safety).toMatchObject({ manifest: { reason: 'safety', content: { records: 3 } } });
  const kept = `shown/restores/${report.restoreId}/report.json`;
  const document = decodeDocument(
    Buffer.concat(await Array.fromAsync(rig.storage.get(kept))),
    'reportSha256',
    kept,
  );
  expect(document).toMatchObject({ outcome: 'restored', requestId: 'first' });

  const [closed] = await runsOf('shown');
  expect(closed?.status.name).toBe('CONTINUED_AS_NEW');
  expect(closed?.historyLength).toBeLessThanOrEqual(60);
  await keepHistory(run, 'restore-approved');
});

test('an approval must name the plan that waits, and only one decides', async () => {
  expect(await rejection('shown', 'approve', { digest: '0'.repeat(64) })).toMatchObject({
    type: 'PlanChanged',
    message: 'No plan of shown waits for a decision: its restore is standing by.',
  });
  const run = await request('declined', { mode: 'mirror', requestId: 'first' });
  const { digest } = await waitingPlan('declined');
  expect(await rejection('declined', 'approve', {})).toMatchObject({ type: 'BadRequest' });
  expect(await rejection('declined', 'approve', { digest: digest.slice(0, 11) })).toMatchObject({
    type: 'BadRequest',
  });
  expect(await rejection('declined', 'approve', { digest: 'f'.repeat(12) })).toMatchObject({
    type: 'PlanChanged',
    message: `The plan that waits for declined is ${digest.slice(0, 12)}, not ffffffffffff.`,
  });
  await standing('declined').signal('approve', { digest: 'f'.repeat(12) });
  await sleep(300);
  expect(await currentDetails(run)).toContain('An approval was not heeded.');
  await standing('declined').executeUpdate<Decided, [Refusal]>('decline', {
    args: [{ by: 'somebody', reason: 'not today' }],
  });
  expect(await reportOf('declined', 'first')).toMatchObject({
    outcome: 'declined',
    decidedBy: 'somebody',
    reason: 'not today',
  });
  expect(await contents(rig, 'declined/')).toMatchObject({ 'declined/changed': 'spoilt' });
  await keepHistory(run, 'restore-declined');
});

test('a plan that nobody approves in time expires', async () => {
  const run = await request('late', { mode: 'overwrite', requestId: 'first' });
  expect(await reportOf('late', 'first')).toMatchObject({ outcome: 'expired' });
  expect(await contents(rig, 'late/')).toMatchObject({ 'late/changed': 'spoilt' });
  await keepHistory(run, 'restore-expired');
});

test('a dry run plans, reports, and changes nothing', async () => {
  await request('dry', { mode: 'mirror', dryRun: true, requestId: 'first' });
  expect(await reportOf('dry', 'first')).toMatchObject({
    outcome: 'dry-run',
    plan: { add: 1, change: 1, remove: 1 },
  });
  expect(await contents(rig, 'dry/')).toMatchObject({ 'dry/changed': 'spoilt' });
});

test('the default adds what is missing and touches nothing else', async () => {
  await request('dry', { approved: true, requestId: 'second' });
  expect(await reportOf('dry', 'second')).toMatchObject({ outcome: 'restored', plan: { keep: 2 } });
  expect(await contents(rig, 'dry/')).toEqual({
    'dry/gone': 'gone',
    'dry/changed': 'spoilt',
    'dry/same': 'same',
    'dry/new': 'new',
  });
});

test('keys can be written to another prefix, of another job', async () => {
  await request('dry', { approved: true, toJob: 'elsewhere', requestId: 'wrong' });
  const [, , run] = await runsOf('dry');
  await until('dry', ({ last }) => last?.requestId === 'wrong');
  expect(run).toBeDefined();
  expect((await statusOf('dry')).last).toMatchObject({ outcome: 'failed', failure: { code: 'BadRequest' } });

  const toPrefix = 'elsewhere/copy/';
  await request('dry', { approved: true, toJob: 'elsewhere', toPrefix, prefix: 'dry/g', requestId: 'right' });
  expect(await reportOf('dry', 'right')).toMatchObject({ outcome: 'restored', plan: { toJob: 'elsewhere' } });
  expect(await contents(rig, 'elsewhere/')).toEqual({ 'elsewhere/copy/one': 'gone' });
});

test('a plan with nothing to do ends at once', async () => {
  await change(rig, { 'equal/gone': 'gone' });
  await request('equal', { requestId: 'first' });
  expect(await reportOf('equal', 'first')).toMatchObject({ outcome: 'nothing-to-do', plan: { add: 0 } });
});

test('a key that somebody changes after the plan is left alone, and named', async () => {
  const run = await request('raced', { mode: 'mirror', requestId: 'first' });
  await waitingPlan('raced');
  await change(rig, { 'raced/changed': 'by somebody else' });
  await approve('raced');
  const report = await reportOf('raced', 'first');
  expect(report).toMatchObject({
    outcome: 'failed',
    failure: { code: 'RestoreConflict' },
    applied: { added: 1, removed: 1, changed: 0, conflicts: 1 },
  });
  expect(report.failure?.message).toContain('raced/changed');
  expect(await contents(rig, 'raced/')).toEqual({ ...asItWas('raced'), 'raced/changed': 'by somebody else' });
  await keepHistory(run, 'restore-failed');
});

test('a locked key is refused in the plan, and the rest is restored', async () => {
  expect(await lock('locked/changed')).toBe(true);
  await request('locked', { mode: 'overwrite', requestId: 'first' });
  const plan = await waitingPlan('locked');
  expect(plan).toMatchObject({ add: 1, change: 0, refused: 1 });
  await approve('locked');
  // Who approved it knew.
  expect(await reportOf('locked', 'first')).toMatchObject({ outcome: 'restored', applied: { refused: 1 } });
});

test('a failed restore shows as failed, stands by again, and takes nobody along', async () => {
  const run = await request('failing', { backup: '20200101T000000Z', requestId: 'first' });
  await request('failing', { requestId: 'behind' });
  await expect(run.result()).rejects.toThrow();
  const status = await until('failing', ({ last }) => last?.requestId === 'first');
  expect(status).toMatchObject({ phase: 'standing by', last: { failure: { code: 'BackupNotFound' } } });
  const details = await currentDetails(standing('failing'));
  expect(details).toContain('**Standing by**');
  expect(details).toContain('**Failed: BackupNotFound**');

  // It stands by: the next request is carried out.
  await request('failing', { requestId: 'next', approved: true, mode: 'mirror' });
  expect(await reportOf('failing', 'next')).toMatchObject({ outcome: 'restored' });
  const runs = await runsOf('failing');
  expect(runs.map(({ status: { name } }) => name)).toEqual(['FAILED', 'CONTINUED_AS_NEW', 'RUNNING']);
});

test('requests that come during a restore wait their turn; the same one twice is one', async () => {
  await request('queued', { mode: 'mirror', requestId: 'first' });
  await waitingPlan('queued');
  for (const requestId of ['second', 'third', 'second', 'first']) {
    await request('queued', { dryRun: true, requestId });
  }
  await until('queued', ({ pending }) => pending === 2);
  await approve('queued');
  await reportOf('queued', 'third');
  await sleep(500);
  const runs = await runsOf('queued');
  expect(runs.map(({ status: { name } }) => name)).toEqual([
    'CONTINUED_AS_NEW',
    'CONTINUED_AS_NEW',
    'CONTINUED_AS_NEW',
    'RUNNING',
  ]);
  const [, second] = runs;
  if (second === undefined) throw new Error('no second run');
  await keepHistory(rig.client.workflow.getHandle(second.workflowId, second.runId), 'restore-continued');
});

test('a request behind a failing one, carried over, is not carried out twice', async () => {
  await request('queued', { mode: 'mirror', dryRun: true, requestId: 'ahead', backup: 'latest' });
  await request('queued', { backup: '20200101T000000Z', requestId: 'bad' });
  await request('queued', { dryRun: true, requestId: 'after' });
  await until('queued', ({ last }) => last?.requestId === 'bad');
  await sleep(2500);
  const status = await statusOf('queued');
  expect(status).toMatchObject({ phase: 'standing by', pending: 0, last: { requestId: 'bad' } });
  const failed = (await runsOf('queued')).filter(({ status: { name } }) => name === 'FAILED');
  expect(failed).toHaveLength(1);
});

test('an approval by signal works as well', async () => {
  await request('signalled', { mode: 'overwrite', noSafetyBackup: true, requestId: 'first' });
  const { digest } = await waitingPlan('signalled');
  await standing('signalled').signal('approve', { digest });
  const report = await reportOf('signalled', 'first');
  expect(report).toMatchObject({ outcome: 'restored' });
  expect(report.safetyBackup).toBeUndefined();
});

test('a misspelt request is refused, not half understood', async () => {
  await request('signalled', { pefix: 'signalled/x', approved: true, requestId: 'typo' } as RestoreRequest);
  expect(await reportOf('signalled', 'typo')).toMatchObject({ failure: { code: 'BadRequest' } });
  await request('signalled', 'latest' as RestoreRequest);
  await until('signalled', ({ last }) => last?.failure?.code === 'BadRequest' && last.requestId !== 'typo');
});

test('a restore that is cancelled while it writes stops, tells how far it came, and can be done again', async () => {
  const keys = Object.fromEntries(
    Array.from({ length: 6000 }, (_, index) => [`cut/${index}`, `value ${index}`]),
  );
  await change(rig, keys);
  await backup('cut');
  await change(rig, Object.fromEntries(Object.keys(keys).map((key) => [key, 'spoilt'])));

  const run = await request('cut', { mode: 'overwrite', requestId: 'first', noSafetyBackup: true });
  await waitingPlan('cut');
  rig.consulGate.holdAfter(200_000);
  await approve('cut');
  await rig.consulGate.held();
  await run.cancel();
  await expect(run.result()).rejects.toThrow();
  rig.consulGate.release();
  const described = await run.describe();
  expect(described.status.name).toBe('FAILED');
  const { last } = await until('cut', (status) => status.last?.requestId === 'first');
  expect(last).toMatchObject({ outcome: 'failed', failure: { code: 'RestoreCancelled' } });
  const { changed = 0 } = last?.applied ?? {};
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThan(6000);
  await keepHistory(run, 'restore-cancelled');

  await request('cut', { mode: 'overwrite', requestId: 'again', approved: true, noSafetyBackup: true });
  expect(await reportOf('cut', 'again')).toMatchObject({ outcome: 'restored', proof: { differing: 0 } });
  expect(await contents(rig, 'cut/')).toMatchObject(keys);
});

test('a restore that is cancelled while it waits changes nothing, and stands by no more', async () => {
  const run = await request('idle', { mode: 'mirror', requestId: 'first' });
  await waitingPlan('idle');
  await run.cancel();
  await expect(run.result()).rejects.toThrow();
  expect((await run.describe()).status.name).toBe('CANCELLED');
  expect(await currentDetails(run)).toContain(
    '**Cancelled** while waiting for approval. Nothing was changed',
  );
  expect(await contents(rig, 'idle/')).toMatchObject({ 'idle/changed': 'spoilt' });
});

test('a restore whose safety backup is cancelled fails before it changes anything', async () => {
  const run = await request('idle', { mode: 'mirror', requestId: 'second' });
  await waitingPlan('idle');
  rig.s3Gate.hold();
  await approve('idle');
  await rig.s3Gate.held();
  const query = "WorkflowType = 'backup' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of rig.client.workflow.list({ query })) {
    await rig.client.workflow.getHandle(workflowId).cancel();
  }
  await sleep(300);
  rig.s3Gate.release();
  await expect(run.result()).rejects.toThrow();
  expect(await reportOf('idle', 'second')).toMatchObject({
    outcome: 'failed',
    failure: { code: 'NotApproved' },
  });
  expect(await contents(rig, 'idle/')).toMatchObject({ 'idle/changed': 'spoilt' });
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

/** Locks a key as a leader election does. */
async function lock(key: string): Promise<boolean> {
  const { address } = rig.consul;
  const created = await fetch(`${address}/v1/session/create`, { method: 'PUT' });
  const { ID } = (await created.json()) as { readonly ID: string };
  const taken = await fetch(`${address}/v1/kv/${key}?acquire=${ID}`, { method: 'PUT', body: 'held' });
  return (await taken.text()).trim() === 'true';
}
