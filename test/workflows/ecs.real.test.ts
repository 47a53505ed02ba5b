import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import {
  type Fields,
  running,
  startStubEcs,
  stopped,
  type StubEcs,
  type StubTask,
} from '../tasks/ecs/stub-ecs.ts';
import { type TaskResult, taskResultIn } from '../../workflows/contract/task.ts';
import { currentDetails } from './current-details.ts';
import { keepHistory } from './keep-history.ts';
import { startTaskRig, type TaskRig } from './task-rig.ts';

/** What ECS shows of the tasks of each task definition, look by look. */
const courses: Readonly<Record<string, readonly Fields[]>> = {
  good: [{ lastStatus: 'PENDING' }, running, stopped(0)],
  three: [running, stopped(3)],
  image: [
    {
      ...{ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', containers: [{ name: 'app' }] },
      stoppedReason: 'CannotPullContainerError: manifest unknown',
    },
  ],
  slow: [running],
  pending: [{ lastStatus: 'PENDING' }],
};

const canary = 'canary-secret-of-the-ecs-job';
let stub: StubEcs;
let rig: TaskRig;
let onStart: (task: StubTask) => Promise<void> | void = () => undefined;

beforeAll(async () => {
  stub = await startStubEcs({
    containers: [
      {
        name: 'app',
        essential: true,
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': '/ecs/job',
            'awslogs-region': 'eu-central-1',
            'awslogs-stream-prefix': 'run',
          },
        },
      },
    ],
    courseOf: (definition) => courses[definition] ?? [],
    onStart: (task) => onStart(task),
  });
  const ecs = (task_definition: string, more: Fields = {}) => ({
    ...{ task_definition, region: 'eu-central-1', endpoint: stub.address },
    ...{ access_key_id: 'AKIDFORTESTS', secret_access_key: canary, launch_type: 'FARGATE' },
    ...more,
  });
  rig = await startTaskRig(() => ({
    good: { ecs: ecs('good', { cluster: 'prod' }) },
    three: { ecs: ecs('three', { retries: 1 }) },
    image: { ecs: ecs('image') },
    slow: { ecs: ecs('slow') },
    late: { ecs: ecs('slow'), deadline: '3s' },
    pending: { ecs: ecs('pending', { launch_timeout: '1s' }) },
    killed: { ecs: ecs('good') },
  }));
});
afterAll(async () => {
  await rig.stop();
  await stub.stop();
});

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause;
}

/** Tasks that were started for the run. */
async function tasksOf(handle: WorkflowHandle): Promise<readonly StubTask[]> {
  const { runId } = await handle.describe();
  return [...stub.tasks.values()].filter(({ startedBy }) => startedBy.includes(runId));
}

test('23: a worker that is gone between RunTask and its answer leaves one task, which another worker finds', async () => {
  const first = await rig.startWorker();
  const begun = Promise.withResolvers<undefined>();
  const gone = Promise.withResolvers<undefined>();
  onStart = async () => {
    begun.resolve(undefined);
    await gone.promise;
  };
  const handle = await rig.start('killed');
  await begun.promise;
  const stopping = first.stop();
  onStart = () => undefined;
  await stopping;
  gone.resolve(undefined);
  await rig.startWorker();
  expect(((await handle.result()) as TaskResult).exitStatus).toBe(0);
  expect(await tasksOf(handle)).toHaveLength(1);
});

test('23, 27: a job runs its task, waits for it, and says where its log is', async () => {
  const handle = await rig.start('good');
  const result = (await handle.result()) as TaskResult;
  const [task] = await tasksOf(handle);
  expect(result).toMatchObject({
    ...{ job: 'good', kind: 'ecs', exitStatus: 0, attempt: 1 },
    ecs: [
      {
        arn: task?.taskArn,
        lastStatus: 'STOPPED',
        containers: [{ name: 'app', exitCode: 0, log: { group: '/ecs/job', region: 'eu-central-1' } }],
      },
    ],
  });
  expect(await currentDetails(handle)).toContain('exit status 0; log `/ecs/job run/app/');
  expect(stub.requests.at(-1)?.scope).toMatch(/\/eu-central-1\/ecs\/aws4_request$/);
  await keepHistory(handle, 'task-ecs');
});

test('22: the secret of the job is in no history', async () => {
  const handle = await rig.start('good');
  await handle.result();
  expect(JSON.stringify(await handle.fetchHistory())).not.toContain(canary);
  const described = await handle.describe();
  expect(JSON.stringify(described.raw)).not.toContain(canary);
});

test('23: exit status 3 fails the run; each retry of the job is a task of its own', async () => {
  const handle = await rig.start('three');
  const failure = await failureOf(handle);
  expect(failure.type).toBe('TaskFailed');
  expect(failure.message).toMatch(/^Task three: Task \w+ failed: container app ended with exit status 3/);
  expect(taskResultIn(failure.details)).toMatchObject({ exitStatus: 3, attempt: 2 });
  expect((await tasksOf(handle)).map(({ startedBy }) => startedBy.at(-1))).toEqual(['1', '2']);
});

test('23: a task that cannot start fails the run with the reason that ECS gives', async () => {
  const failure = await failureOf(await rig.start('image'));
  expect(failure.type).toBe('TaskNotStarted');
  expect(failure.message).toContain('CannotPullContainerError: manifest unknown');
});

test('23: a task that does not run in time is stopped, and fails the run', async () => {
  const handle = await rig.start('pending');
  const failure = await failureOf(handle);
  expect(failure.type).toBe('TaskNotStarted');
  expect(failure.message).toContain('(launch_timeout)');
  expect((await tasksOf(handle)).map(({ lastStatus }) => lastStatus)).toEqual(['STOPPED']);
});

test('at its deadline a task is stopped, and the run says so', async () => {
  const handle = await rig.start('late');
  const failure = await failureOf(handle);
  expect(failure.type).toBe('DeadlineExceeded');
  expect(taskResultIn(failure.details)).toMatchObject({ ecs: [{ stopCode: 'UserInitiated' }] });
  expect((await tasksOf(handle)).map(({ lastStatus }) => lastStatus)).toEqual(['STOPPED']);
});

test('a run that is cancelled stops its task, and ends when that has stopped', async () => {
  const begun = Promise.withResolvers<undefined>();
  onStart = () => begun.resolve(undefined);
  const handle = await rig.start('slow');
  await begun.promise;
  await handle.cancel();
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
  expect((await tasksOf(handle)).map(({ facts }) => facts)).toMatchObject([
    { stopCode: 'UserInitiated', stoppedReason: 'Holdfast: the run was cancelled' },
  ]);
  await keepHistory(handle, 'task-ecs-cancelled');
});
