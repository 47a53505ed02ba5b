import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { startEtcd } from '../../../services/etcd.ts';
import { findThrowawayTools, openThrowaway } from '../../../stores/etcd/throwaway.ts';
import { findTool, runTool } from '../../../stores/etcd/tools.ts';
import { prepareSnapshots } from './snapshot-file.ts';

const { signal } = new AbortController();
let place: Awaited<ReturnType<typeof prepareSnapshots>>;
let path: string;
beforeAll(async () => {
  place = await prepareSnapshots();
  path = process.env.PATH ?? '';
});
afterEach(() => {
  process.env.PATH = path;
});
afterAll(() => place.remove());

test('finds both, and says their versions', async () => {
  expect(await findTool('etcdutl', 'for a test', signal)).toMatchObject({ version: '3.6.16' });
  expect(await findTool('etcd', 'for a test', signal)).toMatchObject({ version: '3.6.16' });
});

test('one that is too old is named with its place, its version and what it is needed for', async () => {
  const folder = place.fresh('old');
  const program = join(folder, 'etcdutl');
  await mkdir(folder);
  await writeFile(program, '#!/bin/sh\necho "etcdutl version: 3.5.21"\n');
  await chmod(program, 0o755);
  process.env.PATH = [folder, path].join(delimiter);
  await expect(findTool('etcdutl', 'to restore', signal)).rejects.toMatchObject({
    code: 'ProgramMissing',
    message: `\`etcdutl\` 3.6 or later is needed to restore; ${program} is version 3.5.21.`,
  });
});

test('a program that fails is quoted', async () => {
  const { path: etcdutl } = await findTool('etcdutl', 'for a test', signal);
  await expect(runTool(etcdutl, ['snapshot', 'status', '/nowhere'], signal)).rejects.toMatchObject({
    code: 'ProgramFailed',
    message: expect.stringMatching(/ended with exit code \d+: .*no such file/) as string,
  });
});

test('what the worker has in its environment for etcd is not taken for settings of the program', async () => {
  const server = await startEtcd();
  let file: string;
  try {
    file = await place.save(server);
  } finally {
    await server.stop();
  }
  process.env.ETCD_NAME = 'another';
  process.env.ETCD_PASSWORD = 'secret';
  try {
    const throwaway = await openThrowaway(await findThrowawayTools('for a test', signal), file, signal);
    await throwaway.close();
  } finally {
    delete process.env.ETCD_NAME;
    delete process.env.ETCD_PASSWORD;
  }
});

test('a signal ends the program, with the reason of the signal', async () => {
  const folder = place.fresh('slow');
  const program = join(folder, 'etcdutl');
  await mkdir(folder);
  await writeFile(program, '#!/bin/sh\nexec sleep 600\n');
  await chmod(program, 0o755);
  const controller = new AbortController();
  const running = runTool(program, [], controller.signal);
  controller.abort(new Error('enough'));
  await expect(running).rejects.toThrow('enough');
});
