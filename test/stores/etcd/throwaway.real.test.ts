import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startEtcd } from '../../../services/etcd.ts';
import { hashOfFile, statusOfFile } from '../../../stores/etcd/file-hash.ts';
import { openReading } from '../../../stores/etcd/read.ts';
import { findThrowawayTools, openThrowaway } from '../../../stores/etcd/throwaway.ts';
import type { Reading } from '../../../stores/store.ts';
import { hashOfServer, prepareSnapshots } from './snapshot-file.ts';

const { signal } = new AbortController();
let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let tools: Awaited<ReturnType<typeof findThrowawayTools>>;
beforeAll(async () => {
  place = await prepareSnapshots();
  tools = await findThrowawayTools('for this test', signal);
});
afterAll(() => place.remove());

async function keysOf({ records }: Reading): Promise<readonly string[]> {
  return (await Array.fromAsync(records)).flat().map(({ key }) => key.toString());
}

test('the hash of a snapshot is that of its member: with leases, deleted keys and a compaction', async () => {
  const server = await startEtcd();
  try {
    for (const key of ['a', 'b', 'c', 'd']) await server.ctl('put', key, `value of ${key}`);
    const before = { file: await place.save(server), hash: await hashOfServer(server) };
    await server.ctl('del', 'b');
    const lease = /lease (\w+)/.exec(await server.ctl('lease', 'grant', '600'))?.[1] ?? '';
    await server.ctl('put', `--lease=${lease}`, 'leased', 'value');
    await server.ctl('compact', '4');
    const after = { file: await place.save(server), hash: await hashOfServer(server) };

    expect(await hashOfFile(tools, before.file, signal)).toEqual(before.hash);
    expect(await hashOfFile(tools, after.file, signal)).toEqual(after.hash);
    expect(after.hash).toMatchObject({ revision: '7', compactRevision: '4' });
    expect(await statusOfFile(tools.etcdutl, after.file, signal)).toMatchObject({
      revision: '7',
      version: '3.6.0',
    });
  } finally {
    await server.stop();
  }
});

test('users and passwords of the snapshot are not needed, and leases that run out take no key away', async () => {
  const server = await startEtcd({ rootPassword: 'forgotten' });
  let file: string;
  let hash: Awaited<ReturnType<typeof hashOfServer>>;
  try {
    const lease = /lease (\w+)/.exec(await server.ctl('lease', 'grant', '2'))?.[1] ?? '';
    await server.ctl('put', `--lease=${lease}`, 'leased', 'value');
    await server.ctl('put', 'kept', 'value');
    hash = await hashOfServer(server);
    file = await place.save(server);
  } finally {
    await server.stop();
  }
  expect(await hashOfFile(tools, file, signal)).toEqual(hash);
  const throwaway = await openThrowaway(tools, file, signal);
  try {
    const { revision } = await statusOfFile(tools.etcdutl, file, signal);
    const isGone = async () =>
      (await keysOf(await openReading(throwaway.connection, { prefix: '' }, signal))).length < 2;
    while (!(await isGone())) await sleep(100);
    const reading = await openReading(throwaway.connection, { prefix: '' }, signal, { revision });
    expect(reading.moment.index).toBe(revision);
    expect(await keysOf(reading)).toEqual(['kept', 'leased']);
  } finally {
    await throwaway.close();
  }
});

test('a killed worker leaves no etcd behind, and none of its data', async () => {
  const server = await startEtcd();
  let file: string;
  try {
    await server.ctl('put', 'key', 'value');
    file = await place.save(server);
  } finally {
    await server.stop();
  }
  const script = join(import.meta.dirname, 'open-throwaway.ts');
  const child = spawn(process.execPath, [script, file], {
    env: process.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    const mark = `holdfast-throwaway-${child.pid ?? 0}-`;
    const traces = async () => ({
      processes: (await promisify(execFile)('ps', ['-A', '-o', 'args='])).stdout.split(mark).length > 1,
      directory: (await readdir(tmpdir())).some((name) => name.startsWith(mark)),
    });
    expect(await traces()).toEqual({ processes: true, directory: true });
    child.kill('SIGKILL');
    for (let left = await traces(); left.processes || left.directory; left = await traces()) await sleep(50);
  } finally {
    child.kill('SIGKILL');
  }
});

test('what is no snapshot is refused with the words of etcdutl', async () => {
  const file = place.fresh('nonsense');
  await writeFile(file, 'x'.repeat(100_000));
  await expect(openThrowaway(tools, file, signal)).rejects.toMatchObject({ code: 'ProgramFailed' });
});
