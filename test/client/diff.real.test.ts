import { takeBackup } from '../../client/direct/backup.ts';
import { withStep } from '../../client/direct/step.ts';
import { loadConfig } from '../../config/load.ts';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { type EtcdServer, startEtcd } from '../../services/etcd.ts';
import { pathWithEtcd } from '../../services/on-path.ts';
import { fillConsul, transactConsul } from '../stores/plain-consul.ts';
import { fillEtcd } from '../stores/plain-etcd.ts';
import { createDriver, type Driver } from './driving.ts';
import { fakeIo } from './fake-io.ts';

let consul: ConsulServer;
let etcd: EtcdServer;
let driver: Driver;
const ids: string[] = [];

async function backUp(job: string): Promise<string> {
  const config = await loadConfig(driver.config, { env: {}, unset: 'fail' });
  return (await withStep(config, fakeIo(), (step) => takeBackup(step, { job, reason: 'manual' }))).id;
}

const record = (key: string, value: string, flags = '0') => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  attributes: { flags },
});

beforeAll(async () => {
  process.env.PATH = await pathWithEtcd();
  [consul, etcd] = await Promise.all([startConsul(), startEtcd()]);
  driver = await createDriver('127.0.0.1:1', {
    consul: { consul: { address: consul.address } },
    app: { consul: { address: consul.address, prefix: 'app/' } },
    etcd: { consul: undefined, etcd: { endpoints: [etcd.address] } },
  });
  await fillConsul(consul.address, [record('app/a', 'one'), record('app/b', 'secret'), record('other', 'x')]);
  ids.push(await backUp('consul'), await backUp('app'));
  await fillConsul(consul.address, [record('app/b', 'changed', '7'), record('app/c', 'new')]);
  await transactConsul(consul.address, [{ Verb: 'delete', Key: 'other' }]);
  ids.push(await backUp('consul'));
  await fillConsul(consul.address, [record('later', '1')]);
});
afterAll(async () => {
  await Promise.all([consul.stop(), etcd.stop()]);
  await driver.cleanup();
});

const diff = (...args: readonly string[]) => driver.holdfast('diff', ...args);

test('two backups: what is added, changed and removed, without values', async () => {
  const { exit, text, stderr } = await diff('consul', ids[0] ?? '', ids[2] ?? '');
  expect({ exit, text }).toEqual({
    exit: 0,
    text: '~ app/b  6 B → 7 B  flags 0 → 7\n+ app/c  3 B\n- other  1 B\n',
  });
  expect(stderr).toContain(`${ids[0] ?? ''} → ${ids[2] ?? ''}: 1 added, 1 changed, 1 removed, 1 equal.`);
});

test('the newest backup and the store, when nothing is named', async () => {
  expect(await diff('consul', '--exit-code')).toMatchObject({ exit: 1, text: '+ later  1 B\n' });
  expect(await diff('consul', 'latest', 'latest', '--exit-code')).toMatchObject({ exit: 0, text: '' });
});

test('values where they are asked for, and under a prefix', async () => {
  const { text } = await diff('consul', ids[0] ?? '', 'live', '--prefix', 'app/b', '--values');
  expect(text).toBe('~ app/b  secret → changed  flags 0 → 7\n');
});

test('for programs, a document a line, the counts last', async () => {
  const { text } = await diff('consul', ids[0] ?? '', ids[2] ?? '', '--json', '--values');
  const [changed, , removed, counts] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(changed).toMatchObject({
    op: 'changed',
    key: 'app/b',
    before: { flags: '0', bytes: 6, text: 'secret' },
    after: { flags: '7', bytes: 7, text: 'changed' },
  });
  expect(removed).toMatchObject({ op: 'removed', key: 'other', before: { text: 'x' } });
  expect(counts).toEqual({
    ...{ before: ids[0], after: ids[2], prefix: '' },
    ...{ added: 1, changed: 1, removed: 1, equal: 1 },
  });
});

test('a backup of a prefix is compared with that part of the store, and with no more', async () => {
  expect((await diff('app')).text).toBe('~ app/b  6 B → 7 B  flags 0 → 7\n+ app/c  3 B\n');
  const { exit, stderr } = await diff('app', 'latest', 'live', '--prefix', 'a');
  expect({ exit, stderr }).toEqual({
    exit: 2,
    stderr: expect.stringContaining('holds the keys under "app/"') as string,
  });
});

test('a snapshot of etcd is compared by its keys', async () => {
  await fillEtcd(etcd.address, [record('k', '1')]);
  await backUp('etcd');
  await fillEtcd(etcd.address, [record('k', '22'), record('l', '1')]);
  expect(await diff('etcd')).toMatchObject({ exit: 0, text: '~ k  1 B → 2 B\n+ l  1 B\n' });
});

test('with --storage alone, the store cannot be reached', async () => {
  const { exit, stderr } = await driver.holdfast('diff', 'consul', '--storage', driver.storage);
  expect({ exit, stderr }).toEqual({
    exit: 2,
    stderr: expect.stringContaining('name two backups') as string,
  });
  const both = await driver.holdfast('diff', 'consul', 'latest', ids[0] ?? '', '--storage', driver.storage);
  expect(both).toMatchObject({
    exit: 0,
    text: '~ app/b  7 B → 6 B  flags 7 → 0\n- app/c  3 B\n+ other  1 B\n',
  });
});
