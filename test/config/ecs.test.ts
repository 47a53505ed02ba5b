import { parseConfig } from '../../config/load.ts';

function parse(ecs: unknown) {
  const text = JSON.stringify({ jobs: { report: { ecs } } });
  return parseConfig(text, 'holdfast.yaml', { env: { SECRET: 'canary' }, unset: 'fail' });
}

test('20: a task definition is enough: the cluster is `default`, one task, and nothing overridden', () => {
  expect(parse({ task_definition: 'report' }).tasks.get('report')?.work).toEqual({
    kind: 'ecs',
    ecs: {
      connection: {},
      cluster: 'default',
      taskDefinition: 'report',
      count: 1,
      capacityProviderStrategy: [],
      overrides: { containers: {} },
      tags: {},
      enableExecuteCommand: false,
      launchTimeout: 600_000,
      retries: 0,
    },
  });
});

test('26: a restore is passed to the container by its environment', () => {
  const environment = { ACTION: 'restore', RESTORE_ID: '2026-11-22' };
  const { work } = parse({
    task_definition: 'b',
    overrides: { containers: { app: { environment } } },
  }).tasks.get('report') ?? { work: undefined };
  expect(work).toMatchObject({ ecs: { overrides: { containers: { app: { environment } } } } });
});

test.each([
  [{}, /jobs\.report\.ecs\.task_definition: missing/],
  [{ task_definition: 'a', count: 11 }, /count: found 11; expected a whole number from 1 to 10/],
  [
    { task_definition: 'a', launch_type: 'EC2', capacity_provider_strategy: [] },
    /capacity_provider_strategy: found beside `launch_type`/,
  ],
  [{ task_definition: 'a', access_key_id: 'AKID' }, /secret_access_key: missing; `access_key_id` needs it/],
  [{ task_definition: 'a', session_token: 'x' }, /access_key_id: missing; `session_token` needs it/],
  [{ task_definition: 'a', clustr: 'x' }, /clustr: unknown setting; did you mean `cluster`\?/],
  [
    { task_definition: 'a', endpoint: 'http://ann:canary@h' },
    /endpoint: found text that is not shown; expected the address of a server/,
  ],
])('%j is a mistake', (ecs, message) => {
  expect(() => parse(ecs)).toThrow(message);
});

test('what belongs to a backup is a mistake beside it', () => {
  const text = JSON.stringify({ jobs: { report: { ecs: { task_definition: 'a' }, keep: { last: 1 } } } });
  expect(() => parseConfig(text, 'holdfast.yaml', { env: {}, unset: 'fail' })).toThrow(
    /jobs\.report\.keep: found beside `ecs`; expected it only in a job that backs up a store/,
  );
});
