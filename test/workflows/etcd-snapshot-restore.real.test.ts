import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEtcd, type EtcdServer } from '../../services/etcd.ts';
import { readEntry } from '../../storage/catalog.ts';
import { statusOfFile } from '../../stores/etcd/file-hash.ts';
import { findTool } from '../../stores/etcd/tools.ts';
import { restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { RestoreReport, RestoreRequest, RestoreStatus } from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { idOf, storeSnapshot } from '../client/backups.ts';
import { prepareSnapshots } from '../stores/etcd/snapshot-file.ts';
import { grantLease, listEtcd, putLeased, putTogether, wipeEtcd } from '../stores/plain-etcd.ts';
import { type Rig, startRig } from './rig.ts';

/** The keys of a snapshot, restored into a living cluster by Temporal. */
let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let etcd: EtcdServer;
let rig: Rig;
beforeAll(async () => {
  place = await prepareSnapshots();
  etcd = await startEtcd();
  const keys = { endpoints: [etcd.address], mode: 'keys', prefix: '' };
  rig = await startRig({
    all: { prefix: '', etcd: keys },
    whole: { prefix: '', etcd: { endpoints: [etcd.address], mode: 'snapshot' } },
    renewing: { prefix: '', etcd: { ...keys, leases: 'regrant' } },
  });
});
afterAll(async () => {
  await rig.stop();
  await etcd.stop();
  await place.remove();
});
beforeEach(() => wipeEtcd(etcd.address));

let count = 0;
async function snapshotTo(job: string, records: number): Promise<string> {
  const { signal } = new AbortController();
  const file = await place.save(etcd);
  const { revision } = await statusOfFile(await findTool('etcdutl', 'for this test', signal), file, signal);
  const id = idOf(60 - ++count);
  await storeSnapshot(rig.storage, job, id, { file, revision, records });
  return id;
}

/** Requests a restore that is approved beforehand, and gives what became of it. */
async function restore(job: string, wish: RestoreRequest): Promise<RestoreReport> {
  const { type, ...options } = startingRestore({ job, store: 'etcd' });
  const request = { ...wish, approved: true, requestId: `request ${++count}` };
  await rig.client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [request],
  });
  const standing = rig.client.workflow.getHandle(restoreWorkflowId(job));
  for (;;) {
    const { last } = await standing.query<RestoreStatus>('status');
    if (last?.requestId === request.requestId) return last;
    await sleep(50);
  }
}

async function contents(): Promise<Record<string, string>> {
  const keys = await listEtcd(etcd.address);
  return Object.fromEntries(keys.map(({ key, value }) => [key.toString('latin1'), value.toString('latin1')]));
}

/** Directories of etcds that this worker started, or of files on their way to one. */
async function leftovers(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`));
}

const binary = Buffer.from('app/\xff\xfe', 'latin1');

test('a mirror of a snapshot: exact to the byte, proven, with a safety backup, and nothing left on the disk', async () => {
  await putTogether(etcd.address, [
    { key: 'app/gone', value: 'gone' },
    { key: 'app/changed', value: 'as it was' },
    { key: 'app/empty', value: '' },
    { key: binary, value: Buffer.from([0, 0xff, 0x80]) },
    ...Array.from({ length: 90 }, (_, n) => ({ key: `many/${n}`, value: 'x'.repeat(3000) })),
  ]);
  const wanted = await contents();
  const id = await snapshotTo('all', 94);
  await wipeEtcd(etcd.address);
  await putTogether(etcd.address, [
    { key: 'app/changed', value: 'spoilt' },
    { key: 'app/new', value: 'new' },
  ]);

  const report = await restore('all', { mode: 'mirror' });
  expect(report).toMatchObject({
    outcome: 'restored',
    backup: id,
    applied: { added: 93, changed: 1, removed: 1 },
    proof: { differing: 0, compared: 94 },
  });
  expect(await contents()).toEqual(wanted);

  const back = await restore('all', { backup: report.safetyBackup ?? '', mode: 'mirror' });
  expect(back).toMatchObject({ outcome: 'restored' });
  expect(await contents()).toEqual({ 'app/changed': 'spoilt', 'app/new': 'new' });
  expect(await leftovers()).toEqual([]);
});

test('a part of a snapshot, under another prefix, beside what is there', async () => {
  await putTogether(etcd.address, [
    { key: 'app/one', value: '1' },
    { key: binary, value: 'binary' },
    { key: 'other/two', value: '2' },
  ]);
  await snapshotTo('all', 3);
  await wipeEtcd(etcd.address);
  await putTogether(etcd.address, [{ key: 'app/one', value: 'another one' }]);
  const report = await restore('all', { prefix: 'app/', toPrefix: 'restored/' });
  expect(report).toMatchObject({ outcome: 'restored', applied: { added: 2, changed: 0 } });
  expect(await contents()).toEqual({
    'app/one': 'another one',
    'restored/one': '1',
    'restored/\xff\xfe': 'binary',
  });
});

test('a job that takes snapshots: its safety backup holds the keys that were overwritten, and they alone', async () => {
  await putTogether(etcd.address, [
    { key: 'app/one', value: '1' },
    { key: 'other/two', value: '2' },
  ]);
  const id = idOf(1);
  const { type, ...options } = startingBackup({ job: 'whole', store: 'etcd' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job: 'whole', id }] });
  await putTogether(etcd.address, [
    { key: 'app/one', value: 'spoilt' },
    { key: 'app/more', value: 'more' },
    { key: 'other/two', value: 'changed too' },
  ]);
  const report = await restore('whole', { prefix: 'app/', mode: 'mirror' });
  expect(report).toMatchObject({ outcome: 'restored', applied: { changed: 1, removed: 1 } });
  expect(await contents()).toEqual({ 'app/one': '1', 'other/two': 'changed too' });

  const safety = report.safetyBackup ?? '';
  expect(await readEntry(rig.storage, 'whole', safety)).toMatchObject({
    manifest: {
      reason: 'safety',
      scope: { prefix: 'app/' },
      content: { records: 2 },
      objects: [{ format: 'records.ndjson' }],
    },
  });
  await restore('whole', { backup: safety, mode: 'mirror' });
  expect(await contents()).toEqual({
    'app/one': 'spoilt',
    'app/more': 'more',
    'other/two': 'changed too',
  });
});

test('leases of a snapshot come back with the time that was granted', async () => {
  const lease = await grantLease(etcd.address, 600);
  await putLeased(etcd.address, 'leased/1', 'value', lease);
  await putLeased(etcd.address, 'leased/2', 'value', lease);
  await snapshotTo('renewing', 2);
  await wipeEtcd(etcd.address);
  const report = await restore('renewing', {});
  expect(report).toMatchObject({ outcome: 'restored', applied: { added: 2 } });
  const [one, two] = await listEtcd(etcd.address);
  expect(one?.lease).not.toBe('0');
  expect(two?.lease).toBe(one?.lease);
  const id = BigInt(one?.lease ?? '0').toString(16);
  expect(await etcd.ctl('lease', 'timetolive', id)).toMatch(/granted with TTL\((59\d|600)s\)/);
});

test('without etcd on the PATH of the worker, the restore says what is missing', async () => {
  await putTogether(etcd.address, [{ key: 'app/one', value: '1' }]);
  await snapshotTo('all', 1);
  const path = process.env.PATH;
  try {
    process.env.PATH = '/nowhere';
    const report = await restore('all', {});
    expect(report).toMatchObject({ outcome: 'failed', failure: { code: 'ProgramMissing' } });
    expect(report.failure?.message).toContain('`etcdutl` is needed to read the keys of an etcd snapshot');
  } finally {
    process.env.PATH = path;
  }
});
