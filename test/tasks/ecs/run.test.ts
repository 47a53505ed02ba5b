import { startTasks, startedBy } from '../../../tasks/ecs/run.ts';
import type { EcsSettings } from '../../../tasks/ecs/settings.ts';
import type { EcsStarted } from '../../../workflows/contract/ecs.ts';
import { never, run, settingsFor, withEcs } from './sample.ts';
import { startStubEcs, type StubEcs, type StubOptions } from './stub-ecs.ts';

let stub: StubEcs;
afterEach(() => stub.stop());

async function start(options: StubOptions, more: Partial<EcsSettings> = {}): Promise<EcsStarted> {
  stub = await startStubEcs(options);
  return again(more);
}

function again(more: Partial<EcsSettings> = {}): Promise<EcsStarted> {
  const settings = settingsFor(stub.address, more);
  return withEcs(settings, (ecs) => startTasks(ecs, settings, run, never()));
}

test('19, 20: a job starts its tasks with one request that names cluster, count and task definition', async () => {
  const { tasks, taskDefinition } = await start({}, { count: 2 });
  expect(tasks).toHaveLength(2);
  expect(taskDefinition).toBe('arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7');
  expect(stub.requestsOf('RunTask').map(({ body }) => body)).toEqual([
    {
      cluster: 'default',
      count: 2,
      taskDefinition,
      startedBy: 'holdfast/nightly/0198a8e0-6b7c-7d2e-9f10-3a4b5c6d7e8f/1',
      clientToken: '0198a8e0-6b7c-7d2e-9f10-3a4b5c6d7e8f-1',
    },
  ]);
});

test('26: overrides, network, capacity, tags and all go into the request as ECS names them', async () => {
  await start(
    {},
    {
      launchType: 'FARGATE',
      network: { subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: true },
      overrides: {
        taskRoleArn: 'arn:aws:iam::123456789012:role/restore',
        containers: {
          app: {
            command: ['holdfast', 'one-shot'],
            environment: { ACTION: 'restore', RESTORE_ID: '2026-11-22' },
            cpu: 256,
            memory: 512,
          },
        },
      },
      tags: { team: 'platform' },
      enableExecuteCommand: true,
    },
  );
  expect(stub.requestsOf('RunTask')[0]?.body).toMatchObject({
    launchType: 'FARGATE',
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
    },
    overrides: {
      taskRoleArn: 'arn:aws:iam::123456789012:role/restore',
      containerOverrides: [
        {
          name: 'app',
          command: ['holdfast', 'one-shot'],
          environment: [
            { name: 'ACTION', value: 'restore' },
            { name: 'RESTORE_ID', value: '2026-11-22' },
          ],
          cpu: 256,
          memory: 512,
        },
      ],
    },
    tags: [{ key: 'team', value: 'platform' }],
    enableExecuteCommand: true,
  });
});

test('a capacity provider strategy takes the place of the launch type', async () => {
  const capacityProviderStrategy = [
    { name: 'FARGATE_SPOT', weight: 3 },
    { name: 'FARGATE', base: 1 },
  ];
  await start({}, { capacityProviderStrategy });
  const { body } = stub.requestsOf('RunTask')[0] ?? {};
  expect(body).toMatchObject({
    capacityProviderStrategy: [
      { capacityProvider: 'FARGATE_SPOT', weight: 3 },
      { capacityProvider: 'FARGATE', base: 1 },
    ],
  });
  expect(body).not.toHaveProperty('launchType');
});

test('23: where the answer of RunTask is lost, the same request is made again, and one task runs', async () => {
  const { tasks } = await start({
    answer: (action, _body, times) => (action === 'RunTask' && times === 0 ? 'lost' : undefined),
  });
  expect(stub.requestsOf('RunTask')).toHaveLength(2);
  expect([...stub.tasks.keys()]).toEqual(tasks);
});

test('23: an attempt after one that died before the answer came finds its tasks, and asks for none', async () => {
  const first = await start({}, { count: 3 });
  const second = await again({ count: 3 });
  expect(second.tasks).toEqual(first.tasks);
  expect(stub.requestsOf('RunTask')).toHaveLength(1);
});

test('23: it finds tasks that have stopped in the meantime, too', async () => {
  const first = await start({});
  for (const task of stub.tasks.values()) task.lastStatus = 'STOPPED';
  expect((await again()).tasks).toEqual(first.tasks);
  expect(stub.requestsOf('RunTask')).toHaveLength(1);
});

test('23: where the configuration has changed since, the tasks that ECS names for the token are those of the run', async () => {
  const known = 'arn:aws:ecs:eu-central-1:123456789012:task/default/1';
  const { tasks } = await start({
    answer: (action) =>
      action === 'RunTask' ? { error: 'ConflictException', more: { resourceIds: [known] } } : undefined,
  });
  expect(tasks).toEqual([known]);
});

test('each attempt of a run has tasks of its own', () => {
  expect(startedBy({ ...run, attempt: 2 })).not.toBe(startedBy(run));
  expect(startedBy({ ...run, job: 'a'.repeat(60) })).toMatch(/^[A-Za-z0-9/-]{1,128}$/);
});

test('23: failures[] with status 200 is a failure with their reasons, and what was started is stopped', async () => {
  const task = 'arn:aws:ecs:eu-central-1:123456789012:task/default/1';
  const failures = [{ arn: 'arn:instance/1', reason: 'RESOURCE:MEMORY', detail: 'needs 4096' }];
  const starting = start(
    {
      answer: (action) =>
        action === 'RunTask' ? { body: { tasks: [{ taskArn: task }], failures } } : undefined,
    },
    { count: 2 },
  );
  await expect(starting).rejects.toMatchObject({
    code: 'TaskNotStarted',
    message: expect.stringMatching(
      /started 1 of 2: RESOURCE:MEMORY: needs 4096 \(arn:instance\/1\)\.$/,
    ) as unknown,
  });
  expect(stub.requestsOf('StopTask').map(({ body }) => body.task)).toEqual([task]);
});

test('no task and no failure is a failure as well', async () => {
  const starting = start({
    answer: (action) => (action === 'RunTask' ? { body: { tasks: [], failures: [] } } : undefined),
  });
  await expect(starting).rejects.toMatchObject({ code: 'TaskNotStarted' });
});

test('an unknown cluster is told with what to look at, and not tried again', async () => {
  const starting = start({
    answer: (action) =>
      action === 'RunTask' ? { error: 'ClusterNotFoundException', message: 'Cluster not found.' } : undefined,
  });
  await expect(starting).rejects.toMatchObject({
    code: 'EcsRefused',
    retryable: false,
    message: expect.stringMatching(
      /^RunTask of .*report:7 in cluster default \(ECS in eu-central-1, http:\/\/127.*\) failed: ClusterNotFoundException: Cluster not found\. Look at `cluster`/,
    ) as unknown,
  });
});

test('throttling is waited out', async () => {
  const { tasks } = await start({
    answer: (action, _body, times) =>
      action === 'RunTask' && times < 2
        ? { error: 'ThrottlingException', message: 'Rate exceeded' }
        : undefined,
  });
  expect(tasks).toHaveLength(1);
  expect(stub.requestsOf('RunTask')).toHaveLength(3);
});

test('an answer that is no answer of ECS is tried again later', async () => {
  const starting = start({
    answer: () => ({ error: 'InternalFailure', status: 500 }),
  });
  await expect(starting).rejects.toMatchObject({ code: 'EcsUnavailable', retryable: true });
});
