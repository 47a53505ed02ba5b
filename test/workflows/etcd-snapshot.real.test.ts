import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBytes } from '../../archive/bytes.ts';
import { byteSource } from '../../activities/open.ts';
import { snapshotOf } from '../../activities/snapshot-file.ts';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { readEntry } from '../../storage/catalog.ts';
import { hashOfFile, statusOfFile } from '../../stores/etcd/file-hash.ts';
import { findThrowawayTools } from '../../stores/etcd/throwaway.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { backupId, backupWorkflowId } from '../../workflows/contract/names.ts';
import { startingBackup } from '../../workflows/contract/starting.ts';
import { grantLease, putLeased, putTogether, removeKey } from '../stores/plain-etcd.ts';
import { hashOfServer, prepareSnapshots } from '../stores/etcd/snapshot-file.ts';
import { currentDetails } from './current-details.ts';
import { type Rig, startRig } from './rig.ts';

/** Snapshots of etcd, as Temporal runs them. */
const never = new AbortController().signal;
let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let etcd: EtcdServer;
let empty: EtcdServer;
let rig: Rig;
beforeAll(async () => {
  place = await prepareSnapshots();
  [etcd, empty] = await Promise.all([startEtcd(), startEtcd()]);
  rig = await startRig({
    whole: { prefix: '', etcd: { endpoints: [etcd.address] } },
    empty: { prefix: '', etcd: { endpoints: [empty.address] } },
    allowed: { prefix: '', etcd: { endpoints: [empty.address] }, allow_empty: true },
  });
});
afterAll(async () => {
  await rig.stop();
  await Promise.all([etcd.stop(), empty.stop()]);
  await place.remove();
});

async function backup(job: string): Promise<string> {
  // An id has whole seconds.
  await sleep(1_000);
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job, store: 'etcd' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
  return id;
}

async function manifestOf(job: string, id: string): Promise<Manifest> {
  const entry = await readEntry(rig.storage, job, id);
  if (entry.state !== 'published') throw new Error(entry.state);
  return entry.manifest;
}

/** Writes the plain file of a backup. */
async function fetchFile(manifest: Manifest): Promise<string> {
  const object = snapshotOf(manifest);
  if (object === undefined) throw new Error('no snapshot');
  const source = byteSource(rig.storage, `${manifest.job}/${object.name}`, never);
  const file = place.fresh('fetched');
  await writeFile(
    file,
    await Array.fromAsync(readBytes(source, object, { identities: [], address: object.name })),
  );
  return file;
}

test('a backup is the file that etcd gives, its revision and its keys those of the living member', async () => {
  await putTogether(etcd.address, [
    { key: 'app/text', value: 'text' },
    { key: Buffer.from('app/\xff\xfe', 'latin1'), value: Buffer.from([0, 0xff, 0x80]) },
    { key: 'app/large', value: Buffer.alloc(1_400_000, 7) },
    { key: 'gone', value: 'gone' },
  ]);
  await putLeased(etcd.address, 'app/leased', 'leased', await grantLease(etcd.address, 600));
  await removeKey(etcd.address, 'gone');
  const live = await hashOfServer(etcd);

  const id = await backup('whole');
  const manifest = await manifestOf('whole', id);
  expect(manifest).toMatchObject({
    store: { kind: 'etcd', version: '3.6.16', address: etcd.address },
    scope: { prefix: '' },
    moment: { index: live.revision, consistency: 'point-in-time' },
    content: { records: 4 },
    objects: [{ name: `${id}/snapshot.db.zst`, format: 'snapshot.db', compression: 'zstd' }],
    keyspace: live,
    checks: [{ name: 'HashKV', outcome: 'equal' }],
    leftOut: [],
  });
  expect(manifest).not.toHaveProperty('warnings');
  expect(Object.keys(manifest.store.details)).toEqual(['clusterId', 'memberId', 'raftIndex', 'dbSize']);
  const [object] = manifest.objects;
  expect(manifest.content).toMatchObject({ bytes: object?.plainBytes, digest: object?.plainSha256 });
  const details = await currentDetails(rig.client.workflow.getHandle(backupWorkflowId('whole', id)));
  expect(details).toContain('HashKV | equal');

  const tools = await findThrowawayTools('for this test', never);
  const file = await fetchFile(manifest);
  expect(await hashOfFile(tools, file, never, live.revision)).toEqual(live);
  expect((await statusOfFile(tools.etcdutl, file, never)).revision).toBe(live.revision);
});

test('nothing was written: the data is that of the backup before; a lease alone is a change', async () => {
  const first = await backup('whole');
  const second = await backup('whole');
  expect(await manifestOf('whole', second)).toMatchObject({
    unchangedSince: (await manifestOf('whole', first)).unchangedSince ?? first,
    checks: [{ name: 'HashKV', outcome: 'not done' }],
  });
  await grantLease(etcd.address, 600);
  const third = await manifestOf('whole', await backup('whole'));
  expect(third.unchangedSince).toBeUndefined();
  expect(third.moment).toEqual((await manifestOf('whole', second)).moment);
});

test('an etcd without keys is no backup, unless the job says so', async () => {
  await expect(backup('empty')).rejects.toMatchObject({ cause: { type: 'StoreEmpty' } });
  expect(await rig.stored('empty')).toEqual([]);
  const manifest = await manifestOf('allowed', await backup('allowed'));
  expect(manifest).toMatchObject({ moment: { index: '1' }, content: { records: 0 } });
  expect(manifest.checks).toMatchObject([{ outcome: 'equal' }]);
});

test('without the programs of etcd on the PATH, the manifest says what was not proven', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    await putTogether(etcd.address, [{ key: 'more', value: 'more' }]);
    const { checks, keyspace } = await manifestOf('whole', await backup('whole'));
    expect(checks).toMatchObject([{ name: 'HashKV', outcome: 'not done' }]);
    expect(checks?.[0]?.detail).toContain('`etcdutl` is needed');
    expect(keyspace).toBeDefined();
  } finally {
    process.env.PATH = path;
  }
});
