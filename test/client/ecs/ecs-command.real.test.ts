import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MotoServer, startMoto } from '../../../services/moto.ts';
import { holdfast } from '../fake-io.ts';

let moto: MotoServer;
let ecs: ECSClient;
let folder: string;
const before = { ...process.env };

beforeAll(async () => {
  moto = await startMoto();
  const { region, accessKeyId, secretAccessKey } = moto;
  ecs = new ECSClient({ endpoint: moto.address, region, credentials: { accessKeyId, secretAccessKey } });
  // Where Amazon's SDK looks for them.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
});
afterAll(async () => {
  for (const name of Object.keys(process.env))
    if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
  ecs.destroy();
  await moto.stop();
});
beforeEach(async () => {
  await moto.reset();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-ecs-command-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** As people kept it: what DescribeTaskDefinition gave, edited by hand, with commas too many. */
const kept = `{
	"taskDefinition": {
		"status": "ACTIVE",
		"family": "backup",
		"requiresAttributes": [{ "name": "com.amazonaws.ecs.capability.docker-remote-api.1.18" }],
		"volumes": [{ "host": { "sourcePath": "/var/log/backup" }, "name": "logs" },],
		"taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/backup:41",
		"containerDefinitions": [
			{
				"environment": [{ "name": "CONSUL_HOST", "value": "\${CONSUL}" }],
				"name": "backup",
				"mountPoints": [{ "sourceVolume": "logs", "containerPath": "/tmp" }],
				"image": "adsabs/consul-backup:\${TAG:-v1.0.8}",
				"cpu": \${CPU:-384},
				"memoryReservation": 384,
				"essential": true,
			}
		],
		"revision": 41,
	}
}
`;

async function register(env: Record<string, string>, ...words: string[]) {
  const file = join(folder, 'backup.json');
  await writeFile(file, kept);
  return holdfast(['ecs', 'register', file, '--endpoint', moto.address, '--region', moto.region, ...words], {
    env,
  });
}

async function revisions(): Promise<number> {
  return (await ecs.send(new ListTaskDefinitionsCommand({}))).taskDefinitionArns?.length ?? 0;
}

const env = { CONSUL: 'consul.internal' };

test('24, 25: a file is registered once; a new image tag makes the next revision, and is shown', async () => {
  const first = await register(env);
  expect(first).toMatchObject({ exit: 0, stderr: '' });
  expect(first.text).toMatch(/^backup: has no active revision yet\.\nRegistered arn:.*backup:1\.\n$/);

  const same = await register(env);
  expect(same).toMatchObject({ exit: 0, stderr: 'Nothing was registered.\n' });
  expect(same.text).toMatch(/backup:1 says the same already\.\n$/);
  expect(await revisions()).toBe(1);

  const next = await register({ ...env, TAG: 'v1.0.9' });
  expect(next.text).toMatch(
    /backup:1:\n {2}containerDefinitions\[backup\]\.image\n {4}- "adsabs\/consul-backup:v1\.0\.8"\n {4}\+ "adsabs\/consul-backup:v1\.0\.9"\nRegistered arn:.*backup:2\.\n$/,
  );
  const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'backup' }));
  expect(taskDefinition).toMatchObject({
    revision: 2,
    volumes: [{ name: 'logs', host: { sourcePath: '/var/log/backup' } }],
    containerDefinitions: [
      {
        image: 'adsabs/consul-backup:v1.0.9',
        cpu: 384,
        environment: [{ name: 'CONSUL_HOST', value: 'consul.internal' }],
        mountPoints: [{ sourceVolume: 'logs', containerPath: '/tmp' }],
      },
    ],
  });
});

test('24: --dry-run shows the difference and registers nothing; values of variables are not shown', async () => {
  await register(env);
  const dry = await register({ CONSUL: 'canary.internal', CPU: '512' }, '--dry-run', '--json');
  expect(dry.exit).toBe(0);
  expect(dry.text).not.toContain('canary');
  expect(JSON.parse(dry.text)).toMatchObject({
    family: 'backup',
    registered: null,
    changes: [
      { path: 'containerDefinitions[backup].cpu', before: '384', after: '512' },
      {
        path: 'containerDefinitions[backup].environment[CONSUL_HOST].value',
        before: '(not shown)',
        after: '(not shown)',
      },
    ],
  });
  expect(await revisions()).toBe(1);
});

test('25: an image without a version is warned of', async () => {
  const { stderr, exit } = await register({ ...env, TAG: 'latest' });
  expect(exit).toBe(0);
  expect(stderr).toBe(
    'warning: the image adsabs/consul-backup:latest may be another one tomorrow; name a version, or a digest.\n',
  );
});

test('a variable that is not set, and a file that is no definition, are told with their place', async () => {
  expect(await register({})).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('the variable CONSUL is not set and has no default') as string,
  });
  const file = join(folder, 'broken.json');
  await writeFile(file, '{\n  "family": "a"\n  "cpu": 1\n}\n');
  expect(await holdfast(['ecs', 'register', file])).toMatchObject({
    exit: 2,
    stderr: expect.stringMatching(/broken\.json:3:\d+: /) as string,
  });
});

test('a variable cannot bring settings in', async () => {
  await register({ CONSUL: '", "value": "other", "x": "\\' });
  const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'backup' }));
  expect(taskDefinition?.containerDefinitions?.[0]?.environment).toEqual([
    { name: 'CONSUL_HOST', value: '", "value": "other", "x": "\\' },
  ]);
});

test('33: update-service changes count and definition, and waits until the service is stable', async () => {
  await ecs.send(new CreateClusterCommand({ clusterName: 'default' }));
  await register(env);
  await ecs.send(
    new CreateServiceCommand({ serviceName: 'web', taskDefinition: 'backup:1', desiredCount: 1 }),
  );
  const words = ['ecs', 'update-service', 'web', '--endpoint', moto.address, '--region', moto.region];
  const changed = await holdfast([...words, '--desired-count', '3', '--task-definition', 'backup:1']);
  expect(changed).toMatchObject({ exit: 0, text: 'web: 3 of 3 tasks of backup:1 run; stable.\n' });
  const { services } = await ecs.send(new DescribeServicesCommand({ services: ['web'] }));
  expect(services?.[0]?.desiredCount).toBe(3);

  expect((await holdfast(words)).exit).toBe(2);
  expect((await holdfast([...words, '--desired-count', 'many'])).exit).toBe(2);
  const unknown = ['ecs', 'update-service', 'nobody', ...words.slice(3), '--desired-count', '1'];
  expect(await holdfast(unknown)).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('ServiceNotFoundException') as string,
  });
});
