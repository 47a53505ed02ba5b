import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskStatus } from '../../client/task-status.ts';
import { taskScheduleId, taskWorkflowId } from '../../workflows/contract/names.ts';
import type { TaskResult } from '../../workflows/contract/task.ts';
import { type RigWorker, startTaskRig, type TaskRig } from '../workflows/task-rig.ts';
import { createDriver, type Driver } from './driving.ts';

let rig: TaskRig;
let driver: Driver;

const every10 = { cron: '0/10 * * * * *', dialect: 'go-cron' };

beforeAll(async () => {
  rig = await startTaskRig((scratch) => ({
    good: { command: { argv: ['printf', 'one\\ntwo\\n'] } },
    bad: { command: { shell: 'echo some; echo oops >&2; exit 9' } },
    waiting: { command: { shell: 'echo served' } },
    tick: { command: { shell: `date +%S >> ${scratch}/ticks` }, schedule: every10 },
    minutely: { command: { shell: `echo x >> ${scratch}/minutes` }, schedule: '* * * * *' },
    long: {
      command: { shell: 'echo begun; sleep 600', grace: '1s' },
      schedule: { cron: '* * * * * *' },
    },
  }));
  driver = await createDriver(rig.temporal.address, { ...rig.jobs, backup: {} });
});

afterAll(async () => {
  await rig.stop();
  await driver.cleanup();
});

const holdfast = (...args: readonly string[]) => driver.holdfast(...args);

async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 90_000; ;) {
    const value = await what();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error('it did not come true in a minute and a half');
    await sleep(200);
  }
}

async function statusOf(job: string): Promise<TaskStatus> {
  const { text } = await holdfast('status', job, '--json');
  const [status] = (JSON.parse(text) as { tasks: TaskStatus[] }).tasks;
  if (status === undefined) throw new Error(text);
  return status;
}

async function lines(file: string): Promise<readonly string[]> {
  const text = await readFile(join(rig.scratch, file), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

/** The scheduled times, as they stand in the ids of the runs. */
async function runsOf(job: string): Promise<readonly string[]> {
  const ids: string[] = [];
  const query = `WorkflowType = 'task' AND HoldfastJob = '${job}' AND ExecutionStatus = 'Completed'`;
  for await (const { workflowId } of rig.client.workflow.list({ query })) {
    ids.push(workflowId.slice(`task-${job}-`.length));
  }
  return ids.sort();
}

test('a task that no worker may run waits, and that is said; a worker that may runs it', async () => {
  const decider = await rig.startWorker({ commands: false });
  const running = driver.start({}, 'run', 'waiting');
  await running.shows(
    'No worker takes work from the task queue "holdfast-command" (NoWorker). Start one that allows commands',
  );
  const worker = await rig.startWorker();
  const { exit, text } = await running.ended;
  expect({ exit, text }).toEqual({
    exit: 0,
    text: expect.stringMatching(/^stdout:\n {2}served\nwaiting \d{8}T\d{6}Z: exit status 0 after /) as string,
  });
  await Promise.all([decider.stop(), worker.stop()]);
});

describe('with a worker', () => {
  let worker: RigWorker;

  beforeAll(async () => {
    worker = await rig.startWorker();
  });

  afterAll(() => worker.stop());

  test('checklist 60: holdfast run shows what a command wrote and how it ended', async () => {
    const { exit, text, stderr } = await holdfast('run', 'good');
    expect(exit).toBe(0);
    expect(text).toMatch(
      /^stdout:\n {2}one\n {2}two\ngood \d{8}T\d{6}Z: exit status 0 after \S+ \(process \d+ on \S+\)\n$/,
    );
    expect(stderr).toMatch(/^Run \d{8}T\d{6}Z of good: workflow task-good-\S+Z\n$/);
  });

  test('checklist 31: one that fails gives exit code 1, its own status in the result, and the reason', async () => {
    const { exit, text, stderr } = await holdfast('run', 'bad', '--json');
    expect(exit).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      exitStatus: 9,
      stdout: { text: 'some\n' },
      stderr: { text: 'oops\n' },
    });
    expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'TaskFailed', exit: 1 },
    });

    const one = await holdfast('status', 'bad');
    expect(one.exit).toBe(1);
    expect(one.text).toMatch(/last run {5}FAILED task-bad-\S+ \S+ ago \(TaskFailed\): .*exit status 9/);
    expect(one.text).toContain('oops');
    expect((await holdfast('status')).text).toMatch(/^bad +FAILED +none +- +exit 9 /m);
  });

  test('--no-wait leaves at once', async () => {
    const { exit, text } = await holdfast('run', 'good', '--no-wait', '--json');
    expect(exit).toBe(0);
    const { workflowId } = JSON.parse(text) as { workflowId: string };
    expect(await rig.client.workflow.getHandle(workflowId).result()).toMatchObject({ exitStatus: 0 });
  });

  test('a backup is not run, and a task is not backed up', async () => {
    expect(await holdfast('run', 'backup')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('Make one with `holdfast backup backup`') as string,
    });
    expect(await holdfast('backup', 'good')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('Run it with `holdfast run good`') as string,
    });
  });
});

test('checklist 46, 48, 49: a tick is one run wherever the workers are, and goes on with others', async () => {
  const workers = await Promise.all([rig.startWorker(), rig.startWorker(), rig.startWorker()]);
  const { text } = await holdfast('start-schedule');
  expect(text).toContain(
    '+ holdfast-task-tick      create: 0/10 * * * * * (go-cron) (UTC), every 10 seconds\n',
  );
  // Made twice, it is one.
  expect((await holdfast('start-schedule')).text).toContain(
    '= holdfast-task-tick      unchanged: 0/10 * * * * * (go-cron), every 10 seconds\n',
  );
  for (const job of ['minutely', 'long']) await rig.client.schedule.getHandle(taskScheduleId(job)).pause();
  const runs = await until(async () => {
    const found = await runsOf('tick');
    return found.length >= 3 ? found : undefined;
  });
  expect(new Set(runs).size).toBe(runs.length);
  for (const run of runs) expect(run).toMatch(/T\d\d:\d\d:\d0Z$/);

  await Promise.all(workers.map((worker) => worker.stop()));
  const before = (await lines('ticks')).length;
  const elsewhere = await rig.startWorker();
  await until(async () => ((await lines('ticks')).length > before ? true : undefined));
  const handle = rig.client.schedule.getHandle(taskScheduleId('tick'));
  await handle.pause();
  await until(async () => ((await handle.describe()).info.runningActions.length === 0 ? true : undefined));
  const { info } = await handle.describe();
  expect(await lines('ticks')).toHaveLength(info.numActionsTaken);
  await elsewhere.stop();
});

test('checklist 47: a run that is due while another is at work is skipped, and that is seen', async () => {
  const worker = await rig.startWorker();
  const handle = rig.client.schedule.getHandle(taskScheduleId('long'));
  await handle.unpause();
  const status = await until(async () => {
    const found = await statusOf('long');
    return (found.schedule?.skipped ?? 0) >= 2 && found.running[0]?.progress ? found : undefined;
  });
  expect(status.running).toHaveLength(1);
  const { text } = await holdfast('status', 'long');
  expect(text).toMatch(/ {2}skipped {6}\d+, because another run was at work/);
  expect(text).toMatch(/at work {6}task-long-.*process \d+ on /);
  expect(text).toContain('begun');
  await handle.pause();
  const beside = await holdfast('run', 'long');
  expect(beside).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('Task long is at work (workflow task-long-') as string,
  });
  await rig.client.workflow.getHandle(status.running[0]?.workflowId ?? '').cancel();
  await worker.stop();
});

test('by hand, the schedule of a task starts it, though it is paused', async () => {
  const worker = await rig.startWorker();
  const before = await lines('ticks');
  const { exit, text } = await holdfast('run', 'tick', '--json');
  const { id, exitStatus } = JSON.parse(text) as TaskResult;
  expect({ exit, exitStatus }).toEqual({ exit: 0, exitStatus: 0 });
  expect(await lines('ticks')).toHaveLength(before.length + 1);
  const { info } = await rig.client.schedule.getHandle(taskScheduleId('tick')).describe();
  expect(info.recentActions.at(-1)?.action.workflow.workflowId).toBe(taskWorkflowId('tick', id));
  await worker.stop();
});

test('checklist 16: three minutes of a schedule of each minute are three runs', async () => {
  const worker = await rig.startWorker();
  const handle = rig.client.schedule.getHandle(taskScheduleId('minutely'));
  const end = new Date();
  await handle.backfill({ start: new Date(end.getTime() - 180_000), end, overlap: 'BUFFER_ALL' });
  const runs = await until(async () => {
    const found = await runsOf('minutely');
    return found.length === 3 ? found : undefined;
  });
  expect(new Set(runs).size).toBe(3);
  for (const run of runs) expect(run).toMatch(/:00Z$/);
  expect(await lines('minutes')).toHaveLength(3);
  const results = runs.map((run) => rig.client.workflow.getHandle(`task-minutely-${run}`).result());
  for (const result of (await Promise.all(results)) as TaskResult[]) expect(result.exitStatus).toBe(0);
  await worker.stop();
});
