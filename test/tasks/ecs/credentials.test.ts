import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTasks } from '../../../tasks/ecs/run.ts';
import type { EcsConnection } from '../../../tasks/ecs/settings.ts';
import { credentials, never, run, settingsFor, withEcs } from './sample.ts';
import { startStubEcs, type StubEcs, type StubOptions } from './stub-ecs.ts';

let stub: StubEcs;
let folder: string;
const before = { ...process.env };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-ecs-'));
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_CONFIG_FILE'] = join(folder, 'config');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(folder, 'credentials');
});
afterEach(async () => {
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
  await stub.stop();
  await rm(folder, { recursive: true });
});

/** Asks the stub once; gives the scope of the signature: key, day, region, service. */
async function scopeWith(connection: Omit<EcsConnection, 'endpoint'>, options: StubOptions = {}) {
  stub = await startStubEcs(options);
  const settings = settingsFor('', { connection: { ...connection, endpoint: stub.address } });
  await withEcs(settings, (ecs) => findTasks(ecs, 'default', run, never()));
  return stub.requests[0]?.scope.replace(/\/\d{8}\//, '/DAY/');
}

test('22: static keys sign for the region of the settings', async () => {
  expect(await scopeWith({ region: 'eu-west-3', credentials })).toBe(
    'AKIDFORTESTS/DAY/eu-west-3/ecs/aws4_request',
  );
});

test('22: keys and region come from the environment', async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIDOFENVIRONMENT';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  process.env['AWS_REGION'] = 'ap-south-1';
  expect(await scopeWith({})).toBe('AKIDOFENVIRONMENT/DAY/ap-south-1/ecs/aws4_request');
});

test('22: keys come from a profile', async () => {
  await writeFile(
    join(folder, 'credentials'),
    '[ops]\naws_access_key_id = AKIDOFPROFILE\naws_secret_access_key = secret\n',
  );
  expect(await scopeWith({ region: 'us-west-2', profile: 'ops' })).toBe(
    'AKIDOFPROFILE/DAY/us-west-2/ecs/aws4_request',
  );
});

test('22: without credentials it says where they may be set', async () => {
  await expect(scopeWith({ region: 'eu-west-3' })).rejects.toMatchObject({
    code: 'EcsRefused',
    message: expect.stringMatching(
      /^ListTasks of job nightly in cluster default \(ECS in eu-west-3.*CredentialsProviderError.*No credentials were found: set them in the environment, name a `profile`/,
    ) as unknown,
  });
});

test('22: what ECS says of bad keys is told, and the keys are not', async () => {
  const asking = scopeWith(
    { region: 'eu-west-3', credentials },
    { answer: () => ({ error: 'UnrecognizedClientException', message: 'The security token is invalid.' }) },
  );
  const error: unknown = await asking.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'EcsRefused' });
  expect(String(error)).toContain('UnrecognizedClientException');
  expect(JSON.stringify([error, String(error)])).not.toMatch(/canary|AKIDFORTESTS/);
});
