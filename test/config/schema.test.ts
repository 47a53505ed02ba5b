import { readFile } from 'node:fs/promises';
import { configJsonSchema } from '../../config/json-schema.ts';
import { parseConfig } from '../../config/load.ts';
import { namesAt } from '../../config/schema-names.ts';
import { isMapping } from '../../config/settings.ts';

const example = await readFile(new URL('../../holdfast.example.yaml', import.meta.url), 'utf8');

test('holdfast.example.yaml is right', () => {
  const env = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'key' };
  const config = parseConfig(example, 'holdfast.example.yaml', { env, unset: 'fail' });
  expect([...config.jobs.keys()]).toEqual([
    'consul-prod',
    'consul-prod-whole',
    'consul-dev',
    'consul-in-vpc',
    'etcd-prod',
    'etcd-prod-keys',
    'search-prod',
    'search-prod-documents',
  ]);
  expect([...config.tasks.keys()]).toEqual(['rotate-logs', 'check-dns', 'nightly-report']);
  expect(config.temporal.address).toBe('localhost:7233');
});

test.each([
  ['Temporal', ['temporal']],
  ['the status page', ['worker', 'status']],
  ['a job', ['jobs', 'any']],
  ['a command', ['jobs', 'any', 'command']],
  ['the output of a command', ['jobs', 'any', 'command', 'output']],
  ['tasks of ECS', ['jobs', 'any', 'ecs']],
  ['a network of ECS', ['jobs', 'any', 'ecs', 'network_configuration']],
  ['a container of ECS', ['jobs', 'any', 'ecs', 'overrides', 'containers', 'any']],
  ['a capture in ECS', ['jobs', 'any', 'run_in', 'ecs']],
  ['a worker', ['worker']],
  ['an etcd', ['jobs', 'any', 'etcd']],
  ['an Elasticsearch', ['jobs', 'any', 'elasticsearch']],
  ['a repository', ['jobs', 'any', 'elasticsearch', 'repository']],
  ['a schedule', ['jobs', 'any', 'schedule']],
  ['a drill', ['jobs', 'any', 'drill']],
  ['the place of a drill', ['jobs', 'any', 'drill', 'scratch']],
  ['what is kept', ['jobs', 'any', 'keep']],
  ['encryption', ['jobs', 'any', 'encrypt']],
  ['a storage', ['storages', 'any']],
])('holdfast.example.yaml shows every setting of %s', (_what, path) => {
  expect(namesAt(path).filter((name) => !new RegExp(`^[ #]+${name}:`, 'm').test(example))).toEqual([]);
});

describe('the JSON Schema', () => {
  const schema = configJsonSchema();

  test('describes every setting', () => {
    expect([...settingsOf(schema, '')].filter(({ description }) => !description)).toEqual([]);
  });

  test('knows defaults, required settings and names', () => {
    const job = at(schema, 'properties', 'jobs', 'additionalProperties');
    expect(at(job, 'properties', 'deadline')).toMatchObject({ type: 'string', default: '1h' });
    expect(at(job, 'anyOf')).toEqual([
      { required: ['storage'] },
      { required: ['command'] },
      { required: ['ecs'] },
    ]);
    expect(at(job, 'additionalProperties')).toBe(false);
    expect(at(schema, 'properties', 'jobs', 'propertyNames')).toEqual({
      pattern: '^[a-z0-9][a-z0-9-]{0,59}$',
    });
  });

  test('takes a template where a number is wanted', () => {
    const s3 = at(schema, 'properties', 'storages', 'additionalProperties', 'properties', 's3');
    expect(at(s3, 'properties', 'concurrency')).toMatchObject({
      default: 4,
      anyOf: [
        { type: 'integer', minimum: 1, maximum: 64 },
        { type: 'string', pattern: '\\$\\{.+\\}' },
      ],
    });
  });
});

interface Setting {
  readonly path: string;
  readonly description: unknown;
}

/** Every property in a JSON Schema, at every depth. */
function* settingsOf(schema: unknown, path: string): Generator<Setting> {
  if (Array.isArray(schema)) for (const item of schema) yield* settingsOf(item, path);
  if (!isMapping(schema)) return;
  for (const [name, inner] of Object.entries(schema)) {
    if (name !== 'properties' || !isMapping(inner)) {
      yield* settingsOf(inner, path);
      continue;
    }
    for (const [setting, property] of Object.entries(inner)) {
      yield { path: `${path}.${setting}`, description: at(property, 'description') };
      yield* settingsOf(property, `${path}.${setting}`);
    }
  }
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, name) => (isMapping(inner) ? inner[name] : undefined), value);
}
