import { restoreWorkflowId } from '../../workflows/contract/names.ts';
import { askConsul } from '../stores/plain-consul.ts';
import { hold, until } from './hold.ts';
import { attemptsOf, backUp, type BackupRun, reportOf, requestRestore, startBackup } from './runs.ts';
import { plantHeavy, plantMany } from './trees.ts';
import { expectOnly, keysUnder, manifestOf } from './whole.ts';
import { startWorld, type World } from './world.ts';

/**
 * Two workers do four things, each at its most delicate moment, when both are killed. Another one is started later.
 * Heartbeats are waited for up to 30 s, and a publish, which has none, for a minute: so all four wait together.
 */
let world: World;
let capturing: BackupRun;
let verifying: BackupRun;
let publishing: BackupRun;
let before: { readonly restored: readonly object[]; readonly backup: string };
/** What was there between the two lives. */
let between: {
  readonly uploads: readonly { readonly key: string; readonly parts: number }[];
  readonly verified: readonly string[];
  readonly published: readonly string[];
  readonly restored: readonly object[];
};

beforeAll(async () => {
  world = await startWorld({
    capturing: { prefix: 'heavy/' },
    verifying: { prefix: 'few/' },
    publishing: { prefix: 'few/' },
    applying: { prefix: 'many/' },
  });
  await plantHeavy(world, 'heavy/');
  await plantMany(world, 'few/', 100);
  await plantMany(world, 'many/');
  const first = await world.startWorker();
  before = {
    restored: await keysUnder(world, 'many/'),
    backup: (await backUp(world, 'applying')).id,
  };
  await askConsul(world.consul.address, 'DELETE', '/v1/kv/many/?recurse');

  const second = await world.startWorker();
  const { s3Proxy, consulProxy, bucket } = world;
  const lastPart = hold(s3Proxy, { method: 'PUT', path: /\/capturing\/.*partNumber=3/, times: 1 });
  const readBack = hold(s3Proxy, { method: 'GET', path: /\/verifying\/.*records/, times: 1 });
  // The manifest is stored, and nobody has heard of it.
  s3Proxy.inject({ method: 'PUT', path: /\/publishing\/.*manifest/, times: 1, fault: { lose: true } });
  const manifest = hold(s3Proxy, { method: 'PUT', path: /\/publishing\/.*manifest/, times: 1 });
  const writes = hold(consulProxy, { method: 'PUT', path: /^\/v1\/txn/, skip: 5 });
  capturing = await startBackup(world, 'capturing');
  verifying = await startBackup(world, 'verifying');
  publishing = await startBackup(world, 'publishing');
  await requestRestore(world, 'applying', { mode: 'mirror', approved: true, requestId: 'killed' });
  const holds = [lastPart, readBack, manifest, writes];
  await Promise.all(holds.map(({ reached }) => reached));
  const uploads = await until(async () => {
    const found = await bucket.uploads('capturing/');
    return found[0]?.parts === 2 ? found : undefined;
  });
  await until(async () => ((await keysUnder(world, 'many/')).length > 0 ? true : undefined));

  await Promise.all([first.kill(), second.kill()]);
  between = {
    uploads,
    verified: await bucket.keys('verifying/'),
    published: await bucket.keys('publishing/'),
    restored: await keysUnder(world, 'many/'),
  };
  for (const { release } of holds) release();
  await world.startWorker();
});
afterAll(() => world.stop());

test.concurrent('in the middle of an upload: nothing of the first attempt stays', async () => {
  const { id } = await capturing.result();
  expect(between.uploads).toEqual([{ key: `capturing/${id}/records.ndjson.zst`, parts: 2 }]);
  expect(await attemptsOf(capturing)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
  await expectOnly(world, 'capturing', [id]);
  expect(await manifestOf(world, 'capturing', id)).toMatchObject({
    content: { records: 50, bytes: 50 * ('heavy/000'.length + 380_000) },
    madeBy: { workflowId: capturing.workflowId },
  });
});

test.concurrent('between capture and publish: what is stored is proven, and published once', async () => {
  const { id } = await verifying.result();
  // Data alone is no backup.
  expect(between.verified).toEqual([`verifying/${id}/records.ndjson.zst`]);
  expect(await attemptsOf(verifying)).toMatchObject({ capture: 1, verify: 2, publish: 1 });
  await expectOnly(world, 'verifying', [id]);
});

test.concurrent(
  'when the manifest is stored and the answer lost: it stands, and the run ends well',
  async () => {
    const { id } = await publishing.result();
    expect(between.published).toEqual([
      `publishing/${id}/manifest.json`,
      `publishing/${id}/records.ndjson.zst`,
    ]);
    expect(await attemptsOf(publishing)).toMatchObject({ capture: 1, verify: 1, publish: 2 });
    await expectOnly(world, 'publishing', [id]);
  },
);

test.concurrent('in the middle of a restore: the rest is written, and the store is as it was', async () => {
  const report = await reportOf(world, 'applying', 'killed');
  const [written, all] = [between.restored.length, before.restored.length];
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(all);
  expect(report).toMatchObject({
    outcome: 'restored',
    backup: before.backup,
    plan: { add: all, change: 0, remove: 0 },
    applied: { changed: 0, removed: 0, conflicts: 0, refused: 0 },
    proof: { compared: all, differing: 0 },
  });
  expect(report.applied?.added).toBeLessThan(all);
  expect(await keysUnder(world, 'many/')).toEqual(before.restored);
  await expectOnly(world, 'applying', [before.backup, report.safetyBackup ?? '']);

  // One closed run is one restore; the next one stands by.
  const runs = await Array.fromAsync(
    world.client.workflow.list({ query: `WorkflowId = '${restoreWorkflowId('applying')}'` }),
  );
  expect(runs.map(({ status }) => status.name).sort()).toEqual(['CONTINUED_AS_NEW', 'RUNNING']);
});
