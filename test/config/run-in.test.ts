import { parseConfig } from '../../config/load.ts';

function parse(job: object) {
  const settings = {
    storages: { main: { directory: { path: '/backups' } } },
    jobs: { app: { storage: 'main', ...job } },
  };
  return parseConfig(JSON.stringify(settings), 'holdfast.yaml', { env: {}, unset: 'fail' });
}
const consul = { address: 'http://127.0.0.1:8500' };
const ecs = { task_definition: 'holdfast-capture' };

test('a task definition is enough: one task, and three others where it dies', () => {
  expect(parse({ consul, run_in: { ecs } }).jobs.get('app')?.runIn).toEqual({
    kind: 'ecs',
    container: 'holdfast',
    ecs: {
      connection: {},
      cluster: 'default',
      taskDefinition: 'holdfast-capture',
      count: 1,
      capacityProviderStrategy: [],
      overrides: { containers: {} },
      tags: {},
      enableExecuteCommand: false,
      launchTimeout: 600_000,
      retries: 3,
    },
  });
});

test.each([
  [{ consul, run_in: {} }, /jobs\.app\.run_in\.ecs: missing/],
  [{ consul, run_in: { ecs: { ...ecs, count: 2 } } }, /jobs\.app\.run_in\.ecs\.count: unknown setting/],
  [
    { consul, run_in: { ecs: { ...ecs, access_key_id: 'AKID' } } },
    /jobs\.app\.run_in\.ecs\.secret_access_key: missing; `access_key_id` needs it/,
  ],
  [
    {
      consul,
      run_in: { ecs: { ...ecs, container: 'app', overrides: { containers: { app: { command: ['sh'] } } } } },
    },
    /containers\.app\.command: found a command for the container `app`; expected none/,
  ],
  [
    {
      elasticsearch: { addresses: ['http://127.0.0.1:9200'], repository: { name: 'r' } },
      run_in: { ecs },
    },
    /jobs\.app\.run_in: found beside `mode: snapshot` \(the default\) of `elasticsearch`/,
  ],
])('%j is a mistake', (job, message) => {
  expect(() => parse(job)).toThrow(message);
});

test('beside a task it is a mistake', () => {
  const jobs = { report: { ecs: { task_definition: 'report' }, run_in: { ecs } } };
  expect(() => parseConfig(JSON.stringify({ jobs }), 'holdfast.yaml', { env: {}, unset: 'fail' })).toThrow(
    /jobs\.report\.run_in: found beside `ecs`; expected it only in a job that backs up a store/,
  );
});

test('documents of Elasticsearch pass through a worker, and so through one in ECS', () => {
  const elasticsearch = { addresses: ['http://127.0.0.1:9200'], mode: 'documents' };
  expect(parse({ elasticsearch, run_in: { ecs } }).jobs.get('app')?.runIn?.kind).toBe('ecs');
});
