import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../client/main.ts', import.meta.url));

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-become-'));
  file = join(folder, 'a.conf');
  await writeFile(file, '${A}');
});
afterEach(() => rm(folder, { recursive: true }));

function start(...command: readonly string[]): ChildProcessWithoutNullStreams {
  const env = { ...process.env, A: 'value', NODE_NO_WARNINGS: '1' };
  return spawn(process.execPath, [main, 'render', file, '--', ...command], { env });
}

async function ended(child: ChildProcessWithoutNullStreams) {
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

test('a file whose folder may not be written to is written over in place', async () => {
  await chmod(file, 0o666);
  await chmod(folder, 0o555);
  // Root may write everywhere, so it becomes nobody.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const env = { ...process.env, A: 'value', NODE_NO_WARNINGS: '1' };
  const child = spawn(process.execPath, [main, 'render', file], { env, ...nobody });
  expect(await ended(child)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await readFile(file, 'utf8')).toBe('value');
  await chmod(folder, 0o755);
});

describe('59: -- cmd', () => {
  test('has streams, environment and the filled-in file, and its exit code is ours', async () => {
    const child = start('sh', '-c', 'read line; echo "$line $A $(cat "$0")"; echo problem >&2; exit 7', file);
    child.stdin.end('hello\n');
    expect(await ended(child)).toEqual({ code: 7, stdout: 'hello value value\n', stderr: 'problem\n' });
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const)(
    'hears %s, as often as it comes',
    async (signal) => {
      const name = signal.slice(3);
      const script = `n=0; trap 'n=$((n+1)); echo ${name} $n; [ $n = 2 ] && exit 9' ${name}; echo ready; while :; do sleep 0.05; done`;
      const child = start('sh', '-c', script);
      let seen = '';
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (seen === 'ready\n' || seen === `ready\n${name} 1\n`) child.kill(signal);
      });
      const [code] = (await once(child, 'close')) as [number | null];
      expect({ code, seen }).toEqual({ code: 9, seen: `ready\n${name} 1\n${name} 2\n` });
    },
  );

  test('that a signal ends gives 128 and its number', async () => {
    expect(await ended(start('sh', '-c', 'kill -KILL $$'))).toMatchObject({ code: 137 });
  });

  test('that is not there gives 127, that cannot be run 126; the file is filled in all the same', async () => {
    const gone = join(folder, 'gone');
    expect(await ended(start(gone))).toMatchObject({
      code: 127,
      stderr: expect.stringContaining(`cannot run ${gone}`) as unknown,
    });
    const plain = join(folder, 'plain');
    await writeFile(plain, 'x');
    await chmod(plain, 0o644);
    expect(await ended(start(plain))).toMatchObject({ code: 126 });
    expect(await readFile(file, 'utf8')).toBe('value');
  });
});
