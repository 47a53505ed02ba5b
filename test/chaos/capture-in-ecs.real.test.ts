import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateClusterCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs';
import { CancelledFailure } from '@temporalio/common';
import { type MotoServer, startMoto } from '../../services/moto.ts';
import type { BackupResult } from '../../workflows/contract/backup.ts';
import { taskResultIn } from '../../workflows/contract/task.ts';
import { deploy } from '../deploy/bucket-policy.ts';
import { type EcsAgent, startAgent } from '../tasks/ecs/agent.ts';
import { keepHistory } from '../workflows/keep-history.ts';
import { hold } from './hold.ts';
import { type BackupRun, failureOf, startBackup } from './runs.ts';
import { plantHeavy, plantMany } from './trees.ts';
import { expectOnly } from './whole.ts';
import { startWorld, type World } from './world.ts';

/**
 * Consul is reached only from where ECS runs the containers: the configuration of the workers has an address of it
 * where nobody is, that of the containers the right one. Each container is a process, and can be killed.
 */
let moto: MotoServer;
let agent: EcsAgent;
let world: World;
let containerConfig: string;

const consulToken = 'canary-token-of-consul';
const awsSecret = 'canary-secret-of-ecs';

beforeAll(async () => {
  moto = await startMoto();
  await moto.describesToNextState(1_000_000);
  await registerDefinition();
  const subnet = await subnetOf(moto);
  agent = await startAgent(moto, () => ({ HOLDFAST_CONFIG: containerConfig }));
  const ecs = (more: object = {}) => ({
    ...{ task_definition: 'holdfast-capture', region: moto.region, endpoint: agent.address },
    ...{ access_key_id: 'AKIDFORTESTS', secret_access_key: awsSecret, launch_type: 'FARGATE' },
    network_configuration: { subnets: [subnet] },
    ...more,
  });
  const job = (prefix: string, more: object = {}) => ({
    prefix,
    consul: { address: 'http://127.0.0.1:9', prefix, token: consulToken },
    run_in: { ecs: ecs(more) },
  });
  world = await startWorld({
    few: job('few/'),
    killed: job('heavy/'),
    cancelled: job('heavy/'),
    terminated: job('heavy/'),
    broken: job('few/', { retries: 1 }),
  });
  containerConfig = join(world.scratch, 'in-the-image.yaml');
  const text = await readFile(world.configFile, 'utf8');
  await writeFile(containerConfig, text.replaceAll('http://127.0.0.1:9', world.consulProxy.address));
  await plantMany(world, 'few/', 100);
  await plantHeavy(world, 'heavy/');
  await world.startWorker();
});
afterAll(async () => {
  await world.stop();
  await agent.stop();
  await moto.stop();
});
afterEach(() => world.s3Proxy.heal());

/** What an operator registers. */
async function registerDefinition(): Promise<void> {
  const { address: endpoint, region, ...credentials } = moto;
  const client = new ECSClient({ endpoint, region, credentials });
  const text = await readFile(join(deploy, 'ecs', 'capture.json'), 'utf8');
  const definition = JSON.parse(text) as RegisterTaskDefinitionCommandInput;
  // moto wants the memory of each container, also where that of the task is enough for ECS.
  const containerDefinitions = definition.containerDefinitions?.map((one) => ({ ...one, memory: 1024 }));
  await client.send(new RegisterTaskDefinitionCommand({ ...definition, containerDefinitions }));
  await client.send(new CreateClusterCommand({ clusterName: 'default' }));
  client.destroy();
}

/** A network that moto has from the start: it makes an interface in it for each task. */
async function subnetOf({ address, region }: MotoServer): Promise<string> {
  const answer = await fetch(address, {
    method: 'POST',
    headers: {
      Authorization: `AWS4-HMAC-SHA256 Credential=AKIDFORTESTS/20260101/${region}/ec2/aws4_request`,
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: 'Action=DescribeSubnets&Version=2016-11-15',
  });
  const found = /<subnetId>([^<]+)/.exec(await answer.text())?.[1];
  if (found === undefined) throw new Error('moto has no subnet.');
  return found;
}

const containersOf = ({ workflowId }: BackupRun) =>
  agent.containers.filter(({ command }) => command.includes(workflowId));

const secondPart = (job: string) => ({ method: 'PUT', path: new RegExp(`/${job}/.*partNumber=2`) });

test('a container in ECS reads the store for one backup, and ends by itself', async () => {
  const run = await startBackup(world, 'few');
  const result = await run.result();
  await expectOnly(world, 'few', [result.id]);
  const [container, ...others] = containersOf(run);
  expect(others).toEqual([]);
  expect(await container?.ended).toBe(0);
  expect(result).toMatchObject({
    content: { records: 100 },
    ecs: [
      {
        ...{ arn: container?.task, lastStatus: 'STOPPED' },
        containers: [{ name: 'holdfast', exitCode: 0, log: { group: '/holdfast/capture' } }],
      },
    ],
  });
  const history = await run.fetchHistory();
  expect(history.events?.length).toBeLessThan(60);
  for (const text of [...agent.asked, JSON.stringify(history), container?.log() ?? ''])
    for (const canary of [consulToken, awsSecret, world.s3.secretAccessKey])
      expect(text).not.toContain(canary);
  await keepHistory(run, 'backup-in-ecs');
});

test('17: where a container is killed in the middle of an upload, another one finishes the backup, once', async () => {
  const { reached, release } = hold(world.s3Proxy, secondPart('killed'));
  const run = await startBackup(world, 'killed');
  await reached;
  containersOf(run)[0]?.kill();
  release();
  const result: BackupResult = await run.result();
  await expectOnly(world, 'killed', [result.id]);
  expect(await Promise.all(containersOf(run).map(({ ended }) => ended))).toEqual([137, 0]);
  expect(result.ecs?.map(({ containers }) => containers[0]?.exitCode)).toEqual([137, 0]);
  await keepHistory(run, 'backup-in-ecs-killed');
});

test('a run that is cancelled stops its container, and leaves nothing stored', async () => {
  const { reached, release } = hold(world.s3Proxy, secondPart('cancelled'));
  const run = await startBackup(world, 'cancelled');
  await reached;
  await run.cancel();
  await expect(run.result()).rejects.toMatchObject({ cause: expect.any(CancelledFailure) as unknown });
  release();
  expect(await Promise.all(containersOf(run).map(({ ended }) => ended))).toEqual([0]);
  await expectOnly(world, 'cancelled', []);
  await keepHistory(run, 'backup-in-ecs-cancelled');
});

test('a container that cannot work fails the run with its exit status, after as many others as `retries` says', async () => {
  const right = containerConfig;
  containerConfig = `${right}.missing`;
  const run = await startBackup(world, 'broken');
  const failure = await failureOf(run);
  containerConfig = right;
  expect(failure.type).toBe('TaskFailed');
  expect(failure.message).toMatch(/^Backup \w+ of broken: .*container holdfast ended with exit status 2/);
  const { details } = failure.cause as unknown as { readonly details: readonly unknown[] };
  expect(taskResultIn(details)?.ecs?.[0]?.containers[0]?.log?.group).toBe('/holdfast/capture');
  expect(containersOf(run)).toHaveLength(2);
  await expectOnly(world, 'broken', []);
});

test('a container whose run was terminated ends by itself', async () => {
  const { reached, release } = hold(world.s3Proxy, secondPart('terminated'));
  const run = await startBackup(world, 'terminated');
  await reached;
  await run.terminate('no longer wanted');
  release();
  expect(await containersOf(run)[0]?.ended).toBe(0);
});
