import { setTimeout as sleep } from 'node:timers/promises';
import { readBackup } from '../../activities/backup-reading.ts';
import { startEtcd, type EtcdServer } from '../../services/etcd.ts';
import { readEntry } from '../../storage/catalog.ts';
import { backupId, backupWorkflowId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type {
  Approval,
  Decided,
  RestoreReport,
  RestoreRequest,
  RestoreStatus,
} from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { collect } from '../stores/conformance.ts';
import {
  compact,
  grantLease,
  listEtcd,
  putLeased,
  putTogether,
  removeKey,
  wipeEtcd,
} from '../stores/plain-etcd.ts';
import { type Gate, startGate } from './gate.ts';
import { type Rig, startRig } from './rig.ts';

/** Backups and restores of etcd's keys, as Temporal runs them. */
let etcd: EtcdServer;
let rig: Rig;
let gate: Gate;

beforeAll(async () => {
  etcd = await startEtcd();
  const keys = { endpoints: [etcd.address], mode: 'keys', prefix: 'app/' };
  gate = await startGate(etcd.address);
  rig = await startRig({
    gated: { prefix: 'app/', etcd: { ...keys, endpoints: [gate.address] } },
    app: { prefix: 'app/', etcd: keys },
    strict: { prefix: 'app/', etcd: { ...keys, leases: 'fail' } },
    renewing: { prefix: 'app/', etcd: { ...keys, leases: 'regrant' } },
  });
});
afterAll(async () => {
  await rig.stop();
  await gate.stop();
  await etcd.stop();
});
beforeEach(() => wipeEtcd(etcd.address));

async function backup(job: string): Promise<string> {
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job, store: 'etcd' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
  return id;
}

/** Requests a restore, approves its plan, and gives what became of it. */
async function restore(
  job: string,
  wish: RestoreRequest,
  meanwhile = () => Promise.resolve(),
): Promise<{ readonly plan: RestoreStatus['plan']; readonly report: RestoreReport }> {
  const { type, ...options } = startingRestore({ job, store: 'etcd' });
  await rig.client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [wish],
  });
  const standing = rig.client.workflow.getHandle(restoreWorkflowId(job));
  const until = async (reached: (status: RestoreStatus) => boolean) => {
    for (;;) {
      const status = await standing.query<RestoreStatus>('status');
      if (reached(status)) return status;
      await sleep(50);
    }
  };
  const { plan } = await until(({ phase }) => phase === 'waiting for approval');
  await meanwhile();
  await standing.executeUpdate<Decided, [Approval]>('approve', {
    args: [{ digest: plan?.digest ?? '', by: 'a test' }],
  });
  const { last } = await until((status) => status.last?.requestId === wish.requestId);
  if (last === undefined) throw new Error('no report');
  return { plan, report: last };
}

async function contents(): Promise<Record<string, string>> {
  const keys = await listEtcd(etcd.address);
  return Object.fromEntries(keys.map(({ key, value }) => [key.toString('latin1'), value.toString('latin1')]));
}

test('50: a backup is one revision of what is under the prefix; one that follows at once refers to it', async () => {
  await putTogether(etcd.address, [
    { key: 'app/text', value: 'text' },
    { key: 'app/empty', value: '' },
    { key: Buffer.from('app/\xff\xfe', 'latin1'), value: Buffer.from([0, 0xff, 0x80]) },
    { key: 'other', value: 'not in it' },
  ]);
  const id = await backup('app');
  const entry = await readEntry(rig.storage, 'app', id);
  if (entry.state !== 'published') throw new Error(entry.state);
  expect(entry.manifest).toMatchObject({
    store: { kind: 'etcd', version: '3.6.16', address: etcd.address },
    scope: { prefix: 'app/' },
    moment: { consistency: 'point-in-time' },
    content: { records: 3 },
  });
  await putTogether(etcd.address, [{ key: 'other', value: 'still not in it' }]);
  await sleep(1_000); // An id has whole seconds.
  const next = await readEntry(rig.storage, 'app', await backup('app'));
  expect(next).toMatchObject({ manifest: { unchangedSince: id } });
});

test('a restore plans, waits, writes in transactions, and proves', async () => {
  const binary = Buffer.from('app/\xff\xfe', 'latin1');
  const before = [
    { key: 'app/gone', value: 'gone' },
    { key: 'app/changed', value: 'as it was' },
    { key: binary, value: Buffer.from([0, 0xff, 0x80]) },
    ...Array.from({ length: 90 }, (_, n) => ({ key: `app/many/${n}`, value: 'x'.repeat(3000) })),
  ];
  await putTogether(etcd.address, before);
  const wanted = await contents();
  await sleep(1_000);
  await backup('app');
  await removeKey(etcd.address, 'app/gone');
  await putTogether(etcd.address, [
    { key: 'app/changed', value: 'spoilt' },
    { key: binary, value: 'spoilt' },
    { key: 'app/new', value: 'new' },
    { key: 'other', value: 'not ours' },
  ]);
  const { plan, report } = await restore('app', { mode: 'mirror', requestId: 'first' });
  expect(plan).toMatchObject({ add: 1, change: 2, remove: 1, equal: 90 });
  expect(report).toMatchObject({ outcome: 'restored', applied: { added: 1 } });
  expect(await contents()).toEqual({ ...wanted, other: 'not ours' });
});

test('what somebody writes between plan and restore stays as it is', async () => {
  await putTogether(
    etcd.address,
    ['1', '2'].map((n) => ({ key: `app/${n}`, value: 'as it was' })),
  );
  await sleep(1_000);
  await backup('app');
  await putTogether(
    etcd.address,
    ['1', '2'].map((n) => ({ key: `app/${n}`, value: 'spoilt' })),
  );
  const { report } = await restore('app', { mode: 'overwrite', requestId: 'raced' }, () =>
    putTogether(etcd.address, [{ key: 'app/2', value: 'theirs' }]),
  );
  expect(report).toMatchObject({ outcome: 'failed', failure: { code: 'RestoreConflict' } });
  expect(await contents()).toEqual({ 'app/1': 'as it was', 'app/2': 'theirs' });
});

test('keys that were bound to a lease are refused where the job says so', async () => {
  await putTogether(etcd.address, [{ key: 'app/plain', value: 'plain' }]);
  const lease = await grantLease(etcd.address, 600);
  await putLeased(etcd.address, 'app/leased', 'leased', lease);
  await sleep(1_000);
  await backup('strict');
  await removeKey(etcd.address, 'app/plain');
  await removeKey(etcd.address, 'app/leased');
  const { plan, report } = await restore('strict', { mode: 'missing-only', requestId: 'strict' });
  const bound = { to: 'lease', dropped: 0, renewed: 0, refused: 1 };
  expect(plan).toMatchObject({ add: 1, refused: 1, bound });
  expect(report.applied).toMatchObject({ added: 1, refused: 1, bound });
  expect(await contents()).toEqual({ 'app/plain': 'plain' });
});

test.each([
  ['app', { dropped: 3, renewed: 0 }, {}],
  ['renewing', { dropped: 0, renewed: 3 }, { granted: 2 }],
])('plan and report of %s count the keys that were bound to leases', async (job, fates, granted) => {
  await putTogether(etcd.address, [{ key: 'app/plain', value: 'plain' }]);
  const leases = [await grantLease(etcd.address, 600), await grantLease(etcd.address, 600)];
  for (const [number, lease] of [...leases, leases[0] ?? ''].entries())
    await putLeased(etcd.address, `app/leased/${number}`, 'leased', lease);
  await sleep(1_000);
  await backup(job);
  await wipeEtcd(etcd.address);
  const { plan, report } = await restore(job, { requestId: `leases of ${job}` });
  const bound = { to: 'lease', ...fates, refused: 0 };
  expect(plan).toMatchObject({ add: 4, bound });
  expect(report).toMatchObject({ outcome: 'restored', applied: { added: 4 } });
  expect(report.applied?.bound).toEqual({ ...bound, ...granted });
});

test('etcd compacts the revision that is read: the backup is of a newer one, and of that alone', async () => {
  const names = Array.from({ length: 200 }, (_, n) => `app/${String(n).padStart(3, '0')}`);
  const turn = async (number: number): Promise<void> => {
    for (let start = 0; start < names.length; start += 10)
      await putTogether(
        etcd.address,
        names.slice(start, start + 10).map((key) => ({ key, value: `turn ${number} `.repeat(12_000) })),
      );
  };
  await turn(1);
  await sleep(1_000);
  // The first page has 32 keys, 3 MB, and others 4 MB: this is in the third of six.
  gate.holdAfterAnswers(8_000_000);
  const running = backup('gated');
  await gate.held();
  await turn(2);
  await compact(etcd.address);
  gate.release();

  const id = await running;
  const { events } = await rig.client.workflow.getHandle(backupWorkflowId('gated', id)).fetchHistory();
  const begun = events?.flatMap(({ activityTaskStartedEventAttributes: started }) => started ?? []) ?? [];
  const failures = begun.flatMap(({ lastFailure }) => lastFailure?.applicationFailureInfo?.type ?? []);
  expect(failures).toEqual(['StreamBroken']);
  const entry = await readEntry(rig.storage, 'gated', id);
  if (entry.state !== 'published') throw new Error(entry.state);
  const { records } = readBackup(rig.storage, entry.manifest, [], new AbortController().signal);
  const stored = (await collect(records)).map(
    ({ key, value }) => `${key.toString()} ${value?.toString() ?? ''}`,
  );
  expect(stored).toEqual(names.map((name) => `${name} ${'turn 2 '.repeat(12_000)}`));
});
