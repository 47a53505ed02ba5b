import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findOrBuild } from '../../services/cache/find.ts';
import { consul as consulTool, type ConsulServer, startConsul } from '../../services/consul.ts';
import { readEntry } from '../../storage/catalog.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { backupId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { RestoreReport, RestoreRequest, RestoreStatus } from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import { holdfast } from '../client/fake-io.ts';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { type Rig, startRig } from './rig.ts';

/** Snapshots of a whole Consul with ACLs on, as Temporal runs them: encrypted, proven, fetched, and restored. */
const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
let folder: string;
let consul: ConsulServer;
let rig: Rig;
let identityFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-test-whole-'));
  consul = await startConsul({ token: management });
  identityFile = join(folder, 'identity.txt');
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  await writeFile(identityFile, identity);
  const store = { address: consul.address, token: management, mode: 'snapshot' };
  const encrypt = { recipients: [await identityToRecipient(identity)], identity_files: [identityFile] };
  rig = await startRig({
    whole: { prefix: '', consul: store, encrypt },
    blind: { prefix: '', consul: store, encrypt: { recipients: [recipient] } },
    plain: { prefix: '', consul: store, encrypt: { allow_plaintext: true } },
  });
});
afterAll(async () => {
  await rig.stop();
  await consul.stop();
  await rm(folder, { recursive: true, force: true });
});

async function backup(job: string): Promise<string> {
  // An id has whole seconds.
  await sleep(1_000);
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job, store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job, id }] });
  return id;
}

async function manifestOf(job: string, id: string): Promise<Manifest> {
  const entry = await readEntry(rig.storage, job, id);
  if (entry.state !== 'published') throw new Error(entry.state);
  return entry.manifest;
}

let count = 0;
/** Requests a restore that is approved beforehand, and gives what became of it. */
async function restore(job: string, wish: RestoreRequest): Promise<RestoreReport> {
  const { type, ...options } = startingRestore({ job, store: 'consul' });
  const request = { approved: true, ...wish, requestId: `request ${++count}` };
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

const set = (keys: Readonly<Record<string, string>>) =>
  fillConsul(
    consul.address,
    Object.entries(keys).map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) })),
    management,
  );
const remove = (path: string) => askConsul(consul.address, 'DELETE', path, undefined, management);
async function contents(): Promise<Record<string, string>> {
  const entries = await listConsul(consul.address, management);
  return Object.fromEntries(
    entries.map(({ key, value }) => [key, Buffer.from(value ?? '', 'base64').toString()]),
  );
}

/** `holdfast`, with the configuration of the rig. */
async function command(...words: readonly string[]) {
  const file = join(folder, 'holdfast.yaml');
  await writeFile(file, JSON.stringify(rig.settings));
  return holdfast([...words, '--config', file]);
}

test('a backup is the file that Consul gives, encrypted, read back; `fetch` writes it for Consul’s own command', async () => {
  await set({ 'app/one': '1', 'app/two': '2', other: 'other' });
  const id = await backup('whole');
  const manifest = await manifestOf('whole', id);
  expect(manifest).toMatchObject({
    store: { kind: 'consul', version: consulTool.version },
    scope: { prefix: '' },
    moment: { index: manifest.consul?.index, consistency: 'point-in-time' },
    content: { records: 3 },
    objects: [{ name: `${id}/consul.snap.zst.age`, format: 'consul.snap', encryption: 'age' }],
    consul: { version: '1', counts: { keys: 3, 'ACL tokens': 2 } },
    checks: [{ name: 'SHA256SUMS', outcome: 'equal' }],
  });
  const file = join(folder, 'fetched.snap');
  const fetched = await command('fetch', 'whole', id, '--output', file);
  expect({ exit: fetched.exit, text: fetched.text }).toEqual({
    exit: 0,
    text: expect.stringContaining(`consul snapshot restore ${file}`) as unknown,
  });
  const { stdout } = await promisify(execFile)(await findOrBuild(consulTool), ['snapshot', 'inspect', file]);
  expect(stdout).toMatch(/KVS +3 /);
  expect(stdout).toMatch(new RegExp(`Index +${manifest.moment.index}\n`));

  expect((await command('verify', 'whole', id)).text).toContain('SHA256SUMS equal');
  expect((await command('show', 'whole', id)).text).toMatch(/in it .*2 ACL tokens/);
  expect(await command('restore', 'whole', id, '--to-data-dir', join(folder, 'data'))).toMatchObject({
    exit: 2,
  });
  for (const name of ['cat', 'inspect']) {
    const looked = await command(name, 'whole', id, '--json');
    expect(looked).toMatchObject({
      exit: 0,
      text: expect.stringMatching(/^(?:\{"key":.*\}\n){3}$/) as unknown,
    });
  }
});

test('a worker that cannot decrypt compares what is stored, and says what it did not prove', async () => {
  const { checks } = await manifestOf('blind', await backup('blind'));
  expect(checks).toMatchObject([{ name: 'SHA256SUMS', outcome: 'not done' }]);
});

test('keys of a snapshot go back into a living Consul, also beside what is there; nothing is left on the disk', async () => {
  const id = await backup('plain');
  const wanted = await contents();
  await set({ 'app/one': 'spoilt', 'app/new': 'new' });
  await remove('/v1/kv/app/two');
  expect((await command('diff', 'plain')).text.split('\n').filter((line) => line !== '')).toEqual([
    expect.stringMatching(/^\+ app\/new/) as unknown,
    expect.stringMatching(/^~ app\/one/) as unknown,
    expect.stringMatching(/^- app\/two/) as unknown,
  ]);
  expect(await restore('plain', { backup: id, prefix: 'app/', toPrefix: 'restored/' })).toMatchObject({
    outcome: 'restored',
    applied: { added: 2 },
  });
  expect(await contents()).toMatchObject({ 'restored/one': '1', 'restored/two': '2', 'app/one': 'spoilt' });
  const report = await restore('plain', { backup: id, mode: 'mirror' });
  expect(report).toMatchObject({ outcome: 'restored', backup: id, proof: { differing: 0, compared: 3 } });
  expect(await contents()).toEqual(wanted);
  expect(await manifestOf('plain', report.safetyBackup ?? '')).toMatchObject({
    objects: [{ format: 'records.ndjson' }],
  });
  expect((await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
});
