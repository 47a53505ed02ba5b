import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import project from '../../package.json' with { type: 'json' };
import { openTemporary, type TemporaryStorage } from '../storage/temporary.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { fakeIo, holdfast } from './fake-io.ts';
import { reportFailure } from '../../client/failure.ts';
import { run } from '../../client/main.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));

let temporary: TemporaryStorage;
let address: string;

beforeAll(async () => {
  temporary = await openTemporary();
  address = `file://${temporary.path}`;
  const records = Array.from({ length: 2000 }, (_, index) => record(`k${10_000 + index}`, 'v'.repeat(500)));
  await storeBackup(temporary.storage, 'consul', idOf(5), records);
});

afterAll(() => temporary.cleanup());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: readonly string[]): ChildProcess {
  const env = {
    ...process.env,
    HOLDFAST_CONFIG: '',
    NODE_NO_WARNINGS: '1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };
  return spawn(process.execPath, [main, ...args], { env, cwd: temporary.path });
}

async function ended(child: ChildProcess): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

describe('the process', () => {
  test('prints its version', async () => {
    expect(await ended(start('--version'))).toEqual({ code: 0, stdout: `${project.version}\n`, stderr: '' });
  });

  test('ends with 0 and writes the whole result to a pipe', async () => {
    const { code, stdout, stderr } = await ended(start('cat', 'consul', '--storage', address));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toHaveLength(2001);
  });

  test('ends with 2 where there is no configuration', async () => {
    const { code, stdout, stderr } = await ended(start('list'));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: configuration .*\/holdfast\.yaml: there is no such file/);
  });

  test('ends with 3 where there is no such backup', async () => {
    expect(await ended(start('verify', 'other', '--storage', address))).toMatchObject({ code: 3 });
  });

  test('ends quietly with 141, as other programs do, when its reader goes away', async () => {
    const child = start('cat', 'consul', '--storage', address);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended(child)).toMatchObject({ code: 141, stderr: '' });
  });

  test.each([
    ['SIGINT', 130, 'interrupted\n'],
    ['SIGTERM', 143, ''],
  ] as const)('ends soon after %s with %d', async (signal, code, stderr) => {
    // A server that takes every connection and never answers.
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const endpoint = `s3://bucket?endpoint=http://127.0.0.1:${port}&path_style=true&region=us-east-1`;
    const child = start('list', 'consul', '--storage', endpoint);
    const end = ended(child);
    await once(silent, 'connection');
    child.kill(signal);
    expect(await end).toEqual({ code, stdout: '', stderr });
    silent.close();
  });
});

describe('usage', () => {
  test.each([
    [['nonsense'], "error: unknown command 'nonsense'"],
    [['lst'], '(Did you mean list?)'],
    [['verify'], "error: missing required argument 'job'"],
    [['list', '--nonsense'], "error: unknown option '--nonsense'"],
    [['list', 'a', 'b'], 'error: too many arguments'],
    [['list', '--storage'], "error: option '--storage <address>' argument missing"],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { exit, text, stderr } = await holdfast(args);
    expect({ exit, text }).toEqual({ exit: 2, text: '' });
    expect(stderr).toContain(message);
  });

  test('a command may stand behind options', async () => {
    const { exit, text } = await holdfast(['--json', 'list', 'consul', '--storage', address]);
    expect(exit).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ job: 'consul' });
  });

  test('every command has a help text with examples', async () => {
    const { text: help } = await holdfast(['--help']);
    const commands = [...help.matchAll(/^ {2}([a-z][a-z-]+) (?=.* {2})/gm)].map(([, name]) => name ?? '');
    expect(commands).toEqual(
      expect.arrayContaining(['list', 'show', 'inspect', 'cat', 'verify', 'prune', 'config']),
    );
    for (const name of [
      'list',
      'show',
      'inspect',
      'cat',
      'verify',
      'prune',
      'import',
      'export',
      'put',
      'get',
      'render',
      'config check',
      'config schema',
    ]) {
      const { exit, text } = await holdfast([...name.split(' '), '--help']);
      expect(exit).toBe(0);
      expect(text).toContain(`\nExamples:\n  $ holdfast ${name}`);
    }
  });
});

test('a result that cannot be written whole is a failure', async () => {
  const io = fakeIo();
  const full = Object.assign(
    new Writable({ write: (_chunk, _encoding, done) => done(new Error('ENOSPC: no space left on device')) }),
    { isTTY: false },
  );
  full.on('error', () => undefined);
  expect(await run(['list', '--json', '--storage', address], { ...io, stdout: full })).toBe(1);
  expect(Buffer.concat(io.written.stderr).toString()).toContain('ENOSPC: no space left on device');
});

describe('failures', () => {
  const secretless = new HoldfastError('StorageDenied', 'file:///x refuses.', { cause: new Error('EACCES') });

  test('of the catalogue say what to do', () => {
    const io = fakeIo();
    expect(reportFailure(secretless, io, { debug: false, json: false })).toBe(1);
    expect(Buffer.concat(io.written.stderr).toString()).toBe(
      'error: file:///x refuses.\n' +
        'Check credentials and the rights on bucket and prefix; docs/storage.md lists those needed. (StorageDenied)\n',
    );
  });

  test('are one JSON document on stderr with --json', async () => {
    const io = fakeIo();
    expect(await run(['list', 'nosuch', '--json', '--storage', `${address}/not-there`], io)).toBe(1);
    const lines = Buffer.concat(io.written.stderr).toString().trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      error: {
        code: 'StorageMisconfigured',
        message: expect.stringContaining('not-there') as unknown,
        action: expect.any(String) as unknown,
        exit: 1,
      },
    });
    expect(io.written.stdout).toEqual([]);
  });

  test('that nobody foresaw show their stack only with --debug', () => {
    const [quiet, debug] = [fakeIo(), fakeIo()];
    expect(reportFailure(new TypeError('x is undefined'), quiet, { debug: false, json: false })).toBe(1);
    expect(Buffer.concat(quiet.written.stderr).toString()).toBe(
      'error: x is undefined\nThis was not foreseen; `--debug` shows where it happened.\n',
    );
    expect(reportFailure(new TypeError('x is undefined'), debug, { debug: true, json: false })).toBe(1);
    expect(Buffer.concat(debug.written.stderr).toString()).toMatch(
      /TypeError: x is undefined\n +at .*main\.real\.test\.ts/,
    );
  });
});
