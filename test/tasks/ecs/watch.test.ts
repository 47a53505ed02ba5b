import { startTasks } from '../../../tasks/ecs/run.ts';
import { stopTasks } from '../../../tasks/ecs/stop.ts';
import { judge } from '../../../tasks/ecs/verdict.ts';
import { watchTasks } from '../../../tasks/ecs/watch.ts';
import type { EcsTask } from '../../../workflows/contract/ecs.ts';
import { never, run, settingsFor, soon, withEcs } from './sample.ts';
import { type Fields, running, startStubEcs, stopped, type StubEcs, type StubOptions } from './stub-ecs.ts';

let stub: StubEcs;
afterEach(() => stub.stop());

interface Watched {
  readonly tasks: readonly EcsTask[];
  readonly progress: readonly (readonly EcsTask[])[];
}

/** Starts the tasks, waits for them, and judges. */
async function carryOut(options: StubOptions, count = 1): Promise<Watched> {
  stub = await startStubEcs(options);
  const settings = settingsFor(stub.address, { count });
  const progress: (readonly EcsTask[])[] = [];
  return withEcs(settings, async (ecs) => {
    const started = await startTasks(ecs, settings, run, never());
    const tasks = await watchTasks(ecs, started, {
      signal: never(),
      onProgress: (each) => progress.push(each),
      pace: soon,
    });
    judge(tasks, started);
    return { tasks, progress };
  });
}

const log = {
  logConfiguration: {
    logDriver: 'awslogs',
    options: {
      'awslogs-group': '/ecs/report',
      'awslogs-region': 'eu-central-1',
      'awslogs-stream-prefix': 'run',
    },
  },
};

test('23: a task that stops with 0 has done its work; on the way its states are shown', async () => {
  const { tasks, progress } = await carryOut({ course: [{ lastStatus: 'PENDING' }, running, stopped(0)] });
  expect(tasks).toMatchObject([{ lastStatus: 'STOPPED', containers: [{ name: 'app', exitCode: 0 }] }]);
  expect(progress.map((each) => each[0]?.lastStatus)).toEqual(['PENDING', 'RUNNING', 'STOPPED']);
});

test('27: the result says where the log is, which outlives the container', async () => {
  const { tasks } = await carryOut({ containers: [{ name: 'app', essential: true, ...log }] });
  const id = tasks[0]?.arn.split('/').at(-1) ?? '';
  expect(tasks[0]?.containers[0]?.log).toEqual({
    driver: 'awslogs',
    group: '/ecs/report',
    stream: `run/app/${id}`,
    region: 'eu-central-1',
    link:
      'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1' +
      `#logsV2:log-groups/log-group/$252Fecs$252Freport/log-events/run$252Fapp$252F${id}`,
  });
});

test('options of a log driver other than where the log goes are not told', async () => {
  const logConfiguration = {
    logDriver: 'splunk',
    options: { 'splunk-token': 'canary-token', 'awslogs-group': 'no' },
  };
  const { tasks } = await carryOut({ containers: [{ name: 'app', essential: true, logConfiguration }] });
  expect(tasks[0]?.containers[0]?.log).toEqual({ driver: 'splunk' });
});

const sidecar = [
  { name: 'app', essential: true },
  { name: 'sidecar', essential: false },
];
const both = (app: Fields, other: Fields): Fields => ({
  lastStatus: 'STOPPED',
  stopCode: 'EssentialContainerExited',
  containers: [
    { name: 'app', ...app },
    { name: 'sidecar', ...other },
  ],
});

test('a container that is not essential may end as it likes', async () => {
  await carryOut({ containers: sidecar, course: [both({ exitCode: 0 }, { exitCode: 137 })] });
});

test.each<readonly [string, string, Fields, RegExp]>([
  ['exit status 3', 'TaskFailed', stopped(3), /failed: container app ended with exit status 3; Essential/],
  [
    'no exit code, with the reason of the container',
    'TaskFailed',
    both({ reason: 'OutOfMemoryError: killed' }, {}),
    /container app ended without an exit code \(OutOfMemoryError: killed\)/,
  ],
  [
    'TaskFailedToStart',
    'TaskNotStarted',
    {
      lastStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'CannotPullContainerError: manifest unknown',
      containers: [{ name: 'app' }],
    },
    /did not start: TaskFailedToStart: CannotPullContainerError: manifest unknown; container app ended without/,
  ],
  [
    'a spot interruption, though the container ended with 0',
    'TaskFailed',
    stopped(0, { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' }),
    /was stopped from outside: SpotInterruption: Your Spot Task was interrupted\.$/,
  ],
])('23: %s fails the run and says so', async (_what, code, end, message) => {
  const containers = sidecar;
  await expect(carryOut({ containers, course: [running, end] })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as unknown,
  });
});

test('of several tasks, all are waited for, and one that fails fails the run', async () => {
  let looks = 0;
  const carried = carryOut(
    {
      answer: (action, body) => {
        if (action !== 'DescribeTasks') return undefined;
        looks++;
        const [one = '', two = ''] = body.tasks as readonly string[];
        const first = { taskArn: one, ...stopped(1) };
        const second = { taskArn: two, ...(looks < 3 ? running : stopped(0)) };
        return { body: { tasks: [first, second] } };
      },
    },
    2,
  );
  await expect(carried).rejects.toMatchObject({ code: 'TaskFailed' });
  expect(looks).toBe(3);
});

test('a task that ECS has forgotten is a failure: how it ended is not known', async () => {
  const carried = carryOut({
    answer: (action, { tasks }) =>
      action === 'DescribeTasks'
        ? { body: { tasks: [], failures: (tasks as string[]).map((arn) => ({ arn, reason: 'MISSING' })) } }
        : undefined,
  });
  await expect(carried).rejects.toMatchObject({
    code: 'TaskFailed',
    message: expect.stringContaining('how this one ended is not known') as unknown,
  });
});

test('a task is stopped with the reason; one that ECS does not know any more has stopped', async () => {
  stub = await startStubEcs({
    answer: (action, { task }) =>
      action === 'StopTask' && task === 'gone'
        ? { error: 'InvalidParameterException', message: 'The referenced task was not found.' }
        : undefined,
  });
  const settings = settingsFor(stub.address);
  await withEcs(settings, async (ecs) => {
    const { tasks } = await startTasks(ecs, settings, run, never());
    await stopTasks(ecs, 'default', [...tasks, 'gone'], 'cancelled by ann', never());
  });
  expect([...stub.tasks.values()].map(({ facts }) => facts)).toMatchObject([
    { stopCode: 'UserInitiated', stoppedReason: 'cancelled by ann' },
  ]);
});
