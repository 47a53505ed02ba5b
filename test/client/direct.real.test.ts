import { takeBackup } from '../../client/direct/backup.ts';
import { withStep } from '../../client/direct/step.ts';
import { loadConfig } from '../../config/load.ts';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import type { RestoreReport } from '../../workflows/contract/restore.ts';
import { fillConsul, listConsul, transactConsul } from '../stores/plain-consul.ts';
import { createDriver, type Driver } from './driving.ts';
import { fakeIo } from './fake-io.ts';

let consul: ConsulServer;
let driver: Driver;
let backup: string;

beforeAll(async () => {
  consul = await startConsul();
  // Nothing answers where Temporal should be.
  driver = await createDriver('127.0.0.1:1', { consul: { consul: { address: consul.address } } });
});
afterAll(async () => {
  await consul.stop();
  await driver.cleanup();
});

const restore = (...args: readonly string[]) => driver.holdfast('restore', 'consul', '--direct', ...args);
const atTerminal = (...args: readonly string[]) =>
  driver.start({ terminal: true }, 'restore', 'consul', '--direct', ...args);

async function set(keys: Readonly<Record<string, string>>): Promise<void> {
  const records = Object.entries(keys).map(([key, value]) => ({
    key: Buffer.from(key),
    value: Buffer.from(value),
  }));
  await fillConsul(consul.address, records);
}

async function contents(): Promise<Record<string, string>> {
  const entries = await listConsul(consul.address);
  return Object.fromEntries(
    entries.map(({ key, value }) => [key, Buffer.from(value ?? '', 'base64').toString()]),
  );
}

const good = { changed: 'as it was', gone: 'gone' };
const spoilt = { changed: 'spoilt', new: 'new' };

beforeEach(async () => {
  await transactConsul(consul.address, [{ Verb: 'delete-tree', Key: '' }]);
  await set(good);
  const config = await loadConfig(driver.config, { env: {}, unset: 'fail' });
  ({ id: backup } = await withStep(config, fakeIo(), (step) =>
    takeBackup(step, { job: 'consul', reason: 'manual' }),
  ));
  await transactConsul(consul.address, [{ Verb: 'delete', Key: 'gone' }]);
  await set(spoilt);
});

test('--yes restores without Temporal, keeps what it overwrites, and proves', async () => {
  const { exit, text, stderr } = await restore('--mode', 'mirror', '--yes', '--json');
  expect({ exit, stderr }).toMatchObject({ exit: 0 });
  const report = JSON.parse(text) as RestoreReport;
  expect(report).toMatchObject({
    outcome: 'restored',
    backup,
    applied: { added: 1, changed: 1, removed: 1 },
    proof: { compared: 2, differing: 0 },
  });
  expect(await contents()).toEqual(good);

  const safety = await driver.holdfast('cat', 'consul', report.safetyBackup ?? '');
  expect(safety.text).toContain('spoilt');
  const { text: shown } = await driver.holdfast('list', 'consul');
  expect(shown).toContain('safety');
});

test('at a terminal it shows the plan and asks; yes restores', async () => {
  const running = atTerminal();
  await running.shows('Type "yes"');
  running.type('yes');
  const { exit, text } = await running.ended;
  expect(exit).toBe(0);
  expect(text).toContain('+ 1 to add');
  expect(text).toContain(`consul is restored from ${backup}`);
  expect(await contents()).toEqual({ ...spoilt, gone: 'gone' });
});

test('anything but yes declines: exit code 4, nothing changed', async () => {
  const running = atTerminal('--mode', 'mirror');
  await running.shows('Type "yes"');
  running.type('no');
  const { exit, stderr } = await running.ended;
  expect(exit).toBe(4);
  expect(stderr).toContain('(NotApproved)');
  expect(await contents()).toEqual(spoilt);
});

test('--plan carries out the plan that a dry run showed, and no other', async () => {
  const dry = await restore('--mode', 'mirror', '--dry-run', '--json');
  const { plan } = JSON.parse(dry.text) as RestoreReport;
  expect(await contents()).toEqual(spoilt);
  expect((await restore('--mode', 'mirror', '--plan', 'aaaaaaaaaaaa')).exit).toBe(4);
  expect(await contents()).toEqual(spoilt);
  expect((await restore('--mode', 'mirror', '--plan', plan?.digest.slice(0, 12) ?? '')).exit).toBe(0);
  expect(await contents()).toEqual(good);
});

test('a store that is as wanted already is left alone', async () => {
  await set(good);
  const { exit, text } = await restore('--yes');
  expect({ exit, text }).toMatchObject({ exit: 0, text: expect.stringContaining('Nothing to do') as string });
});

test('a key that is locked fails the restore that was approved beforehand, and is named', async () => {
  const made = await fetch(`${consul.address}/v1/session/create`, { method: 'PUT', body: '{}' });
  const { ID } = (await made.json()) as { ID: string };
  await fetch(`${consul.address}/v1/kv/changed?acquire=${ID}`, { method: 'PUT', body: 'spoilt' });
  const { exit, stderr } = await restore('--mode', 'overwrite', '--yes');
  await fetch(`${consul.address}/v1/session/destroy/${ID}`, { method: 'PUT' });
  expect(exit).toBe(1);
  expect(stderr).toMatch(/1 key could not be written.*changed \(locked by session/);
});

test('nobody else decides', async () => {
  const { exit, stderr } = await restore('--no-wait');
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('--no-wait') as string });
});
