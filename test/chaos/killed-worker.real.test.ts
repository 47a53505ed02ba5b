import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { restoreWorkflowId } from '../../workflows/contract/names.ts';
import { askConsul } from '../stores/plain-consul.ts';
import { fillEtcd, listEtcd } from '../stores/plain-etcd.ts';
import { type Gate, startGate } from '../workflows/gate.ts';
import { hold, until } from './hold.ts';
import { attemptsOf, backUp, type BackupRun, reportOf, requestRestore, startBackup } from './runs.ts';
import { heavyKeys, manyKeys, plantHeavy, plantMany } from './trees.ts';
import { expectOnly, keysUnder, manifestOf } from './whole.ts';
import { startWorld, type World } from './world.ts';

/**
 * Workers do six things, each at its most delicate moment, when all are killed. Another one is started later.
 * Heartbeats are waited for up to 30 s, and a publish, which has none, for a minute: so all six wait together.
 */
let world: World;
let etcd: EtcdServer;
let etcdGate: Gate;
let verifying: BackupRun;
let publishing: BackupRun;
const capturing: BackupRun[] = [];
/** What was there between the two lives. */
let between: { readonly verified: readonly string[]; readonly published: readonly string[] };

/** What is captured and restored from both. */
interface Side {
  readonly capturing: string;
  readonly applying: string;
  keys(): Promise<readonly object[]>;
  before: { readonly keys: readonly object[]; readonly backup: string };
  between: {
    readonly uploads: readonly { readonly key: string; readonly parts: number }[];
    readonly keys: readonly object[];
  };
}

const nothing = { before: { keys: [], backup: '' }, between: { uploads: [], keys: [] } };
const consulSide: Side = {
  capturing: 'capturing',
  applying: 'applying',
  keys: () => keysUnder(world, 'many/'),
  ...nothing,
};
const etcdSide: Side = {
  capturing: 'capturing-etcd',
  applying: 'applying-etcd',
  keys: async () => (await listEtcd(etcd.address)).filter(({ key }) => key.toString().startsWith('many/')),
  ...nothing,
};
const sides = [consulSide, etcdSide];

beforeAll(async () => {
  etcd = await startEtcd();
  etcdGate = await startGate(etcd.address);
  const inEtcd = (prefix: string, { address }: { readonly address: string }) => ({
    prefix,
    etcd: { endpoints: [address], mode: 'keys', prefix },
  });
  world = await startWorld({
    capturing: { prefix: 'heavy/' },
    verifying: { prefix: 'few/' },
    publishing: { prefix: 'few/' },
    applying: { prefix: 'many/' },
    'capturing-etcd': inEtcd('heavy/', etcd),
    'applying-etcd': inEtcd('many/', etcdGate),
  });
  await plantHeavy(world, 'heavy/');
  await plantMany(world, 'few/', 100);
  await plantMany(world, 'many/');
  await fillEtcd(etcd.address, [...heavyKeys('heavy/'), ...manyKeys('many/')]);
  const workers = [await world.startWorker()];
  for (const side of sides)
    side.before = { keys: await side.keys(), backup: (await backUp(world, side.applying)).id };
  await askConsul(world.consul.address, 'DELETE', '/v1/kv/many/?recurse');
  await etcd.ctl('del', '--prefix', 'many/');

  // Each takes two activities that move bytes.
  workers.push(await world.startWorker(), await world.startWorker());
  const { s3Proxy, consulProxy, bucket } = world;
  const lastParts = sides.map((side) =>
    hold(s3Proxy, { method: 'PUT', path: new RegExp(`/${side.capturing}/.*partNumber=3`), times: 1 }),
  );
  const readBack = hold(s3Proxy, { method: 'GET', path: /\/verifying\/.*records/, times: 1 });
  // The manifest is stored, and nobody has heard of it.
  s3Proxy.inject({ method: 'PUT', path: /\/publishing\/.*manifest/, times: 1, fault: { lose: true } });
  const manifest = hold(s3Proxy, { method: 'PUT', path: /\/publishing\/.*manifest/, times: 1 });
  const writes = hold(consulProxy, { method: 'PUT', path: /^\/v1\/txn/, skip: 5 });
  etcdGate.holdAfter(60_000);
  for (const side of sides) capturing.push(await startBackup(world, side.capturing));
  verifying = await startBackup(world, 'verifying');
  publishing = await startBackup(world, 'publishing');
  for (const { applying } of sides)
    await requestRestore(world, applying, { mode: 'mirror', approved: true, requestId: 'killed' });
  const holds = [...lastParts, readBack, manifest, writes];
  await Promise.all([...holds.map(({ reached }) => reached), etcdGate.held()]);
  const uploads = await Promise.all(
    sides.map((side) =>
      until(async () => {
        const found = await bucket.uploads(`${side.capturing}/`);
        return found[0]?.parts === 2 ? found : undefined;
      }),
    ),
  );
  for (const side of sides) await until(async () => ((await side.keys()).length > 0 ? true : undefined));

  await Promise.all(workers.map((worker) => worker.kill()));
  between = {
    verified: await bucket.keys('verifying/'),
    published: await bucket.keys('publishing/'),
  };
  for (const [index, side] of sides.entries())
    side.between = { uploads: uploads[index] ?? [], keys: await side.keys() };
  for (const { release } of holds) release();
  etcdGate.release();
  await world.startWorker();
});
afterAll(async () => {
  await world.stop();
  await etcdGate.stop();
  await etcd.stop();
});

test.concurrent.each(sides.map((side, index) => [side.capturing, side, index] as const))(
  '17: %s, in the middle of an upload: nothing of the first attempt stays',
  async (job, side, index) => {
    const run = capturing[index];
    if (run === undefined) throw new Error('it was not started');
    const { id } = await run.result();
    expect(side.between.uploads).toEqual([{ key: `${job}/${id}/records.ndjson.zst`, parts: 2 }]);
    expect(await attemptsOf(run)).toMatchObject({ capture: 2, verify: 1, publish: 1 });
    await expectOnly(world, job, [id]);
    expect(await manifestOf(world, job, id)).toMatchObject({
      content: { records: 50, bytes: 50 * ('heavy/000'.length + 380_000) },
      madeBy: { workflowId: run.workflowId },
    });
  },
);

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

test.concurrent.each(sides.map((side) => [side.applying, side] as const))(
  '%s, in the middle of a restore: the rest is written, and the store is as it was',
  async (job, side) => {
    const report = await reportOf(world, job, 'killed');
    const { before } = side;
    const [written, all] = [side.between.keys.length, before.keys.length];
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
    expect(await side.keys()).toEqual(before.keys);
    await expectOnly(world, job, [before.backup, report.safetyBackup ?? '']);

    // One closed run is one restore; the next one stands by.
    const runs = await Array.fromAsync(
      world.client.workflow.list({ query: `WorkflowId = '${restoreWorkflowId(job)}'` }),
    );
    expect(runs.map(({ status }) => status.name).sort()).toEqual(['CONTINUED_AS_NEW', 'RUNNING']);
  },
);
