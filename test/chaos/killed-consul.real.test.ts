import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { until } from './hold.ts';
import { attemptsOf, type BackupRun, failureOf, startBackup } from './runs.ts';
import { plantHeavy } from './trees.ts';
import { command, expectOnly } from './whole.ts';
import { startWorld, type World } from './world.ts';

/** Consul is killed while two jobs read it. One has little time; for the other one Consul comes back. */
let world: World;
let again: ConsulServer | undefined;
let hurried: BackupRun;
let patient: BackupRun;

beforeAll(async () => {
  world = await startWorld({ hurried: { prefix: 'heavy/', deadline: '15s' }, patient: { prefix: 'heavy/' } });
  const { consul, consulProxy, s3Proxy } = world;
  await plantHeavy(world, 'heavy/');
  await world.startWorker();
  // So slow that a part of the answer is on its way for sure when the first part of the upload is.
  const drip = { drip: 64 * 1024, every: 30 };
  const slow = consulProxy.inject({ path: /\/kv\/heavy.*\?recurse/, times: 2, fault: drip });
  patient = await startBackup(world, 'patient');
  hurried = await startBackup(world, 'hurried');
  await until(() => {
    const sent = (job: string) =>
      s3Proxy.requests.some(({ path }) => path.includes(`/${job}/`) && path.includes('partNumber=1'));
    return Promise.resolve(sent('patient') && sent('hurried') ? true : undefined);
  });
  expect(slow.hits).toBe(2);
  await consul.kill();
});
afterAll(async () => {
  await world.stop();
  await again?.stop();
});

test('what it had given is no backup', async () => {
  for (const job of ['hurried', 'patient']) {
    expect(await command(world, 'list', job, '--json')).toMatchObject({ exit: 0, text: '' });
  }
});

test('without it the run fails at its deadline, names the address, and leaves nothing', async () => {
  const failure = await failureOf(hurried);
  expect(failure).toMatchObject({ type: 'DeadlineExceeded' });
  expect(failure.message).toMatch(/StoreUnreachable|StreamBroken/);
  expect(failure.message).toContain(world.consulProxy.address);
  await expectOnly(world, 'hurried', []);
});

test('when it is back the run goes on and ends once', async () => {
  const port = Number(new URL(world.consul.address).port);
  again = await startConsul({ dataDir: `${world.scratch}/consul`, port });
  const { id, content } = await patient.result();
  expect(content).toMatchObject({ records: 50 });
  expect((await attemptsOf(patient)).capture).toBeGreaterThan(1);
  await expectOnly(world, 'patient', [id]);
});
