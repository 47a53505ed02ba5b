import { refuseLateStart } from '../../../tasks/ecs/verdict.ts';

test('23: a task that does not run in time is a failure with its state; one that runs may take long', () => {
  const startedAt = new Date(Date.now() - 601_000).toISOString();
  const started = { cluster: 'default', taskDefinition: 'x', tasks: ['a/1'], containers: [], startedAt };
  const task = { arn: 'a/1', containers: [] };
  expect(() => refuseLateStart([{ ...task, lastStatus: 'PENDING' }], started, 600_000)).toThrow(
    'ECS did not start the task in time: not running 600 s after RunTask (launch_timeout): 1 is PENDING.',
  );
  refuseLateStart([{ ...task, lastStatus: 'PENDING' }], started, 700_000);
  refuseLateStart([{ ...task, lastStatus: 'RUNNING' }], started, 600_000);
});
