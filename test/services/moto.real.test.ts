import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
} from '@aws-sdk/client-ecs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOrBuild } from '../../services/cache/find.ts';
import { moto, startMoto, type MotoServer } from '../../services/moto.ts';

let server: MotoServer;
let ecs: ECSClient;
beforeAll(async () => {
  server = await startMoto();
  const { region, accessKeyId, secretAccessKey } = server;
  ecs = new ECSClient({
    endpoint: server.address,
    region,
    credentials: { accessKeyId, secretAccessKey },
  });
});
afterAll(async () => {
  ecs.destroy();
  await server.stop();
});
beforeEach(() => server.reset());

test('a task of ECS goes from state to state as it is described, and a reset forgets it all', async () => {
  await ecs.send(new CreateClusterCommand({ clusterName: 'one' }));
  const containerDefinitions = [{ name: 'app', image: 'app:1', memory: 64 }];
  await ecs.send(new RegisterTaskDefinitionCommand({ family: 'app', containerDefinitions }));
  await server.describesToNextState(2);
  const { tasks: [{ taskArn = '' } = {}] = [] } = await ecs.send(
    new RunTaskCommand({ cluster: 'one', taskDefinition: 'app', launchType: 'FARGATE' }),
  );
  const states: unknown[] = [];
  while (states.at(-1) !== 'STOPPED') {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'one', tasks: [taskArn] }));
    states.push(tasks?.[0]?.lastStatus);
  }
  expect(states).toEqual([
    'RUNNING',
    'DEACTIVATING',
    'DEACTIVATING',
    'STOPPING',
    'STOPPING',
    'DEPROVISIONING',
    'DEPROVISIONING',
    'STOPPED',
  ]);
  await server.reset();
  expect((await ecs.send(new ListClustersCommand({}))).clusterArns).toEqual([]);
});

test('without Python it says what to install, and leaves nothing that could be taken for a server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-moto-'));
  const { PATH, HOLDFAST_CACHE } = process.env;
  try {
    process.env.PATH = folder;
    process.env.HOLDFAST_CACHE = folder;
    await expect(findOrBuild(moto)).rejects.toThrow(
      /Python 3\.10 or later .* is needed to run it\. Install it/,
    );
    expect(await readdir(join(folder, 'moto'))).toEqual([]);
  } finally {
    process.env.PATH = PATH;
    if (HOLDFAST_CACHE === undefined) delete process.env.HOLDFAST_CACHE;
    else process.env.HOLDFAST_CACHE = HOLDFAST_CACHE;
    await rm(folder, { recursive: true });
  }
});
