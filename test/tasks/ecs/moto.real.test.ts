import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  ListTaskDefinitionsCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MotoServer, startMoto } from '../../../services/moto.ts';
import { planRegister, register } from '../../../tasks/ecs/register.ts';
import { findTasks, startTasks } from '../../../tasks/ecs/run.ts';
import type { EcsSettings } from '../../../tasks/ecs/settings.ts';
import { stopTasks } from '../../../tasks/ecs/stop.ts';
import { definitionOf } from '../../../tasks/ecs/task-definition-file.ts';
import { updateService, waitUntilStable } from '../../../tasks/ecs/update-service.ts';
import { judge } from '../../../tasks/ecs/verdict.ts';
import { watchTasks } from '../../../tasks/ecs/watch.ts';
import { never, run, settingsFor, soon, withEcs } from './sample.ts';
import { startStubEcs } from './stub-ecs.ts';

let moto: MotoServer;
let ecs: ECSClient;

beforeAll(async () => {
  moto = await startMoto();
  const { region, accessKeyId, secretAccessKey } = moto;
  ecs = new ECSClient({ endpoint: moto.address, region, credentials: { accessKeyId, secretAccessKey } });
});
afterAll(async () => {
  ecs.destroy();
  await moto.stop();
});
beforeEach(async () => {
  await moto.reset();
  for (const clusterName of ['default', 'other']) await ecs.send(new CreateClusterCommand({ clusterName }));
});

function settings(more: Partial<EcsSettings> = {}): EcsSettings {
  const base = settingsFor(moto.address, { launchType: 'FARGATE', ...more });
  return { ...base, connection: { ...base.connection, region: moto.region } };
}

async function registered(image: string): Promise<string> {
  const containerDefinitions = [{ name: 'app', image, memory: 64 }];
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({ family: 'report', containerDefinitions }),
  );
  return taskDefinition?.taskDefinitionArn ?? '';
}

test('20, 23: a task runs in the cluster `default`, and is waited for until it has stopped', async () => {
  const arn = await registered('app:1');
  const given = settings();
  const tasks = await withEcs(given, async (client) => {
    const started = await startTasks(client, given, run, never());
    const states: string[] = [];
    const stopped = await watchTasks(client, started, {
      signal: never(),
      pace: soon,
      onProgress: ([task]) => states.push(task?.lastStatus ?? ''),
    });
    expect(states).toEqual(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED']);
    judge(stopped, started);
    expect(started.taskDefinition).toBe(arn);
    return started.tasks;
  });
  const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: 'default' }));
  expect(taskArns).toEqual(tasks);
});

test('21: a family, a revision and an ARN start the revision that they mean', async () => {
  const one = await registered('app:1');
  const two = await registered('app:2');
  const names = ['report', 'report:1', one, two];
  const meant: unknown[] = [];
  for (const [attempt, taskDefinition] of names.entries()) {
    const given = settings({ taskDefinition, cluster: 'other' });
    const { tasks } = await withEcs(given, (client) =>
      startTasks(client, given, { ...run, attempt }, never()),
    );
    const found = await ecs.send(new DescribeTasksCommand({ cluster: 'other', tasks: [...tasks] }));
    meant.push(...(found.tasks ?? []).map(({ taskDefinitionArn }) => taskDefinitionArn));
  }
  expect(meant).toEqual([two, one, one, two]);
});

test('23: an attempt after one that died finds its tasks, though moto knows no client tokens', async () => {
  await registered('app:1');
  const given = settings({ count: 2 });
  await withEcs(given, async (client) => {
    const first = await startTasks(client, given, run, never());
    expect((await startTasks(client, given, run, never())).tasks).toEqual(first.tasks);
    expect(await findTasks(client, 'default', { ...run, job: 'another' }, never())).toEqual([]);
    await stopTasks(client, 'default', first.tasks, 'no longer wanted', never());
  });
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: 'default' }));
  expect(taskArns).toHaveLength(2);
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'default', tasks: taskArns }));
  expect(tasks?.map(({ stoppedReason }) => stoppedReason)).toEqual(['no longer wanted', 'no longer wanted']);
});

test.each([
  [{ taskDefinition: 'nobody' }, /DescribeTaskDefinition of nobody .*Unable to describe task definition/],
  [{ cluster: 'nowhere' }, /in cluster nowhere .*ClusterNotFoundException/],
])('what is not there is named: %j', async (more, message) => {
  await registered('app:1');
  const given = settings(more);
  const starting = withEcs(given, (client) => startTasks(client, given, run, never()));
  await expect(starting).rejects.toMatchObject({
    code: 'EcsRefused',
    message: expect.stringMatching(message) as unknown,
  });
});

/** As the API gave it to people who kept it in a file. */
const described = {
  taskDefinition: {
    status: 'ACTIVE',
    family: 'backup',
    requiresAttributes: [{ name: 'com.amazonaws.ecs.capability.docker-remote-api.1.18' }],
    volumes: [{ name: 'logs', host: { sourcePath: '/var/log/backup' } }],
    taskDefinitionArn: 'arn:aws:ecs:us-east-1:123456789012:task-definition/backup:41',
    containerDefinitions: [
      {
        name: 'backup',
        image: 'adsabs/consul-backup:v1.0.8',
        cpu: 384,
        memory: 384,
        essential: true,
        environment: [
          { name: 'ACTION', value: 'backup' },
          { name: 'S3_BACKUP_FOLDER', value: 'backups' },
        ],
        mountPoints: [{ sourceVolume: 'logs', containerPath: '/tmp' }],
      },
    ],
    revision: 41,
  },
};

test('24, 25: a definition is registered once; another image makes the next revision, and the rest stays', async () => {
  const definition = definitionOf(described, 'backup.json');
  const newer = definitionOf(
    JSON.parse(JSON.stringify(described).replace('v1.0.8', 'v1.0.9')),
    'backup.json',
  );
  await withEcs(settings(), async (client) => {
    const first = await planRegister(client, definition, never());
    expect(first.latest).toBeUndefined();
    await register(client, first.definition, never());
    expect((await planRegister(client, definition, never())).changes).toEqual([]);

    const next = await planRegister(client, newer, never());
    expect(next.latest).toMatch(/:1$/);
    expect(next.changes).toEqual([
      {
        path: 'containerDefinitions[backup].image',
        before: '"adsabs/consul-backup:v1.0.8"',
        after: '"adsabs/consul-backup:v1.0.9"',
      },
    ]);
    expect(await register(client, next.definition, never())).toMatch(/:2$/);
  });
  const { taskDefinitionArns } = await ecs.send(new ListTaskDefinitionsCommand({}));
  expect(taskDefinitionArns).toHaveLength(2);
  const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'backup' }));
  expect(taskDefinition).toMatchObject({
    volumes: described.taskDefinition.volumes,
    containerDefinitions: [
      { ...described.taskDefinition.containerDefinitions[0], image: 'adsabs/consul-backup:v1.0.9' },
    ],
  });
});

test('33: a service gets another count and another definition, and is waited for until it is stable', async () => {
  await registered('app:1');
  await ecs.send(
    new CreateServiceCommand({ serviceName: 'web', taskDefinition: 'report:1', desiredCount: 1 }),
  );
  const two = await registered('app:2');
  const seen: number[] = [];
  await withEcs(settings(), async (client) => {
    const target = { cluster: 'default', service: 'web' };
    await updateService(
      client,
      { ...target, desiredCount: 3, taskDefinition: two, forceNewDeployment: false },
      never(),
    );
    const state = await waitUntilStable(client, target, {
      signal: never(),
      timeout: 10_000,
      onState: ({ desiredCount }) => seen.push(desiredCount),
    });
    expect(state).toMatchObject({ desiredCount: 3, runningCount: 3, taskDefinition: two, stable: true });
    await expect(
      updateService(client, { ...target, service: 'nobody', forceNewDeployment: true }, never()),
    ).rejects.toMatchObject({ code: 'EcsRefused' });
  });
  expect(seen).toEqual([3]);
  const { services } = await ecs.send(new DescribeServicesCommand({ services: ['web'] }));
  expect(services?.map(({ desiredCount, taskDefinition }) => [desiredCount, taskDefinition])).toEqual([
    [3, two],
  ]);
});

test('22: a profile takes on a role, and what it gives signs the requests', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-ecs-role-'));
  const stub = await startStubEcs();
  const before = { ...process.env };
  try {
    const { accessKeyId, secretAccessKey } = moto;
    const base = `[base]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    await writeFile(join(folder, 'credentials'), base);
    const role =
      '[profile deploy]\nrole_arn = arn:aws:iam::123456789012:role/deploy\nsource_profile = base\n';
    await writeFile(join(folder, 'config'), `${role}region = eu-north-1\n`);
    Object.assign(process.env, {
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_ENDPOINT_URL_STS: moto.address,
    });
    const given = settingsFor('', {
      connection: { endpoint: stub.address, profile: 'deploy', region: 'eu-north-1' },
    });
    await withEcs(given, (client) => findTasks(client, 'default', run, never()));
    expect(stub.requests[0]?.scope).toMatch(/^ASIA[A-Z0-9]+\/\d{8}\/eu-north-1\/ecs\/aws4_request$/);
  } finally {
    for (const name of Object.keys(process.env))
      if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
    await stub.stop();
    await rm(folder, { recursive: true });
  }
});
