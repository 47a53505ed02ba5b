import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  CancelledFailure,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { readTaskStatus } from '../../client/task-status.ts';
import { taskOf } from '../../activities/step.ts';
import { type TaskResult, taskResultIn } from '../../workflows/contract/task.ts';
import { currentDetails } from './current-details.ts';
import { keepHistory } from './keep-history.ts';
import { runsThatHold } from './runs-that-hold.ts';
import { type RigWorker, startTaskRig, type TaskRig } from './task-rig.ts';

let rig: TaskRig;
let worker: RigWorker;

const shell = (text: string, more: Record<string, unknown> = {}, job: Record<string, unknown> = {}) => ({
  command: { shell: text, ...more },
  ...job,
});

beforeAll(async () => {
  rig = await startTaskRig(
    (scratch) => ({
      good: shell('echo hello; echo careful >&2'),
      seven: shell('echo out; echo "it broke" >&2; exit 7'),
      again: shell(`echo try >> ${scratch}/again; test $(wc -l < ${scratch}/again) = 3`, { retries: 2 }),
      once: shell(`echo try >> ${scratch}/once; exit 1`),
      slow: shell('echo begun; sleep 600', { grace: '1s' }),
      late: shell('echo begun; sleep 600', { grace: '1s' }, { deadline: '2s' }),
      secret: shell('test "$PASSWORD" = sesame-open', { env: { PASSWORD: 'sesame-open' } }),
      kept: shell('head -c 100000 /dev/zero | tr "\\0" x; echo last >&2', { output: { storage: 'logs' } }),
      unkept: shell('echo fine', { output: { storage: 'gone' } }),
      nobody: shell('id', { user: 'no-such-user' }),
      unserved: shell('echo never', {}, { deadline: '2s' }),
      stopping: shell(`echo up; echo up > ${scratch}/stopping; sleep 600`, { grace: '1s' }),
      finishing: shell(`echo up > ${scratch}/finishing; sleep 3; echo whole`),
    }),
    (scratch) => ({
      logs: { directory: { path: scratch } },
      gone: { directory: { path: join(scratch, 'gone') } },
    }),
  );
  worker = await rig.startWorker();
});

afterAll(() => rig.stop());

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause;
}

const written = async (file: string): Promise<string> =>
  readFile(join(rig.scratch, file), 'utf8').catch(() => '');

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await condition());) {
    if (Date.now() > end) throw new Error('it did not come true in a minute');
    await sleep(100);
  }
}

const statusOf = (job: string) => readTaskStatus(rig.client, taskOf(rig.config, job));

test('checklist 60: stdout, stderr, exit status, pid and times of a command are the result of its run', async () => {
  const handle = await rig.start('good');
  const result = (await handle.result()) as TaskResult;
  expect(result).toMatchObject({
    job: 'good',
    kind: 'command',
    exitStatus: 0,
    stdout: { text: 'hello\n', bytes: 6, cut: false },
    stderr: { text: 'careful\n', bytes: 8, cut: false },
    attempt: 1,
  });
  expect(result.pid).toBeGreaterThan(1);
  expect(Date.parse(result.endedAt)).toBeGreaterThanOrEqual(Date.parse(result.startedAt));
  expect(await currentDetails(handle)).toContain('| exit\u00a0status | 0 |');
  await keepHistory(handle, 'task');
});

test('checklist 31: a command that exits with 7 fails its run, which shows 7, stdout and stderr', async () => {
  const handle = await rig.start('seven');
  const failure = await failureOf(handle);
  expect(failure.type).toBe('TaskFailed');
  expect(failure.message).toBe(
    'Task seven: its command ended with exit status 7; the end of stderr: it broke',
  );
  expect(taskResultIn(failure.details)).toMatchObject({
    exitStatus: 7,
    stdout: { text: 'out\n' },
    stderr: { text: 'it broke\n' },
  });
  await keepHistory(handle, 'task-failed');
  const { last } = await statusOf('seven');
  expect(last).toMatchObject({ failure: { code: 'TaskFailed' }, result: { exitStatus: 7 } });
});

test('a command that failed is not run again, unless the job has retries', async () => {
  await failureOf(await rig.start('once'));
  expect(await written('once')).toBe('try\n');
  const handle = await rig.start('again');
  expect(await handle.result()).toMatchObject({ exitStatus: 0, attempt: 3 });
  expect(await written('again')).toBe('try\ntry\ntry\n');
  await keepHistory(handle, 'task-retried');
});

test('a cancelled run stops its command, and what it said is in the history', async () => {
  const handle = await rig.start('slow');
  await until(async () => (await statusOf('slow')).running[0]?.progress?.stdout.text === 'begun\n');
  const [running] = (await statusOf('slow')).running;
  const pid = running?.progress?.pid ?? 0;
  expect(() => process.kill(pid, 0)).not.toThrow();
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({
    cause: expect.any(CancelledFailure) as CancelledFailure,
  });
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(await currentDetails(handle)).toContain('SIGTERM');
  await keepHistory(handle, 'task-cancelled');
});

test('at its deadline a command is stopped, and the run fails with what it said', async () => {
  const failure = await failureOf(await rig.start('late'));
  expect(failure.type).toBe('DeadlineExceeded');
  expect(taskResultIn(failure.details)).toMatchObject({ signal: 'SIGTERM', stdout: { text: 'begun\n' } });
});

test('what the environment of a command holds is in no history', async () => {
  const handle = await rig.start('secret');
  expect(await handle.result()).toMatchObject({ exitStatus: 0 });
  expect(await runsThatHold(rig, '"exitStatus":0')).not.toEqual([]);
  expect(await runsThatHold(rig, 'sesame-open')).toEqual([]);
});

test('the whole output is kept in the storage', async () => {
  const result = (await (await rig.start('kept')).result()) as TaskResult;
  expect(result.stdout).toMatchObject({ bytes: 100_000, cut: true });
  expect(result.kept).toEqual({
    stdout: `file://${rig.scratch}/kept/${result.id}/stdout.log`,
    stderr: `file://${rig.scratch}/kept/${result.id}/stderr.log`,
  });
  expect(await written(`kept/${result.id}/stdout.log`)).toBe('x'.repeat(100_000));
  expect(await written(`kept/${result.id}/stderr.log`)).toBe('last\n');
});

test('a storage that is away does not fail the task, and is told', async () => {
  const result = (await (await rig.start('unkept')).result()) as TaskResult;
  expect(result).toMatchObject({ exitStatus: 0, kept: { failure: { code: 'StorageMisconfigured' } } });
});

test('a command that cannot be started fails the run with the reason', async () => {
  const failure = await failureOf(await rig.start('nobody'));
  expect(failure).toMatchObject({ type: 'TaskFailed' });
  expect(failure.message).toContain('has no user "no-such-user"');
});

// From here on the worker of the tests before is gone.

test('checklist 61: a worker that stops lets a running command finish within its grace', async () => {
  await worker.stop();
  const patient = await rig.startWorker({ grace: 60_000 });
  const handle = await rig.start('finishing');
  await until(async () => (await written('finishing')) !== '');
  await patient.stop();
  expect(await handle.describe().then(({ raw }) => raw.pendingActivities ?? [])).toEqual([]);
  const decider = await rig.startWorker({ commands: false });
  expect(await handle.result()).toMatchObject({ exitStatus: 0, stdout: { text: 'whole\n' } });
  await decider.stop();
});

test('a worker that stops without time to spare stops its command, and the run says so', async () => {
  const hasty = await rig.startWorker({ grace: 0 });
  const handle = await rig.start('stopping');
  await until(async () => (await written('stopping')) !== '');
  await hasty.stop();
  const decider = await rig.startWorker({ commands: false });
  const failure = await failureOf(handle);
  expect(failure.type).toBe('TaskInterrupted');
  expect(taskResultIn(failure.details)).toMatchObject({ signal: 'SIGTERM', stdout: { text: 'up\n' } });
  await decider.stop();
});

test('a worker that does not allow commands never runs one: the run fails with NoWorker', async () => {
  const decider = await rig.startWorker({ commands: false });
  const handle = await rig.start('unserved');
  const failure = await failureOf(handle);
  expect(failure).toMatchObject({
    type: 'NoWorker',
    message: 'Task unserved was not started: no worker that may run it took it in time.',
  });
  await keepHistory(handle, 'task-unserved');
  await decider.stop();
});
