import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../services/cache/location.ts';

let home: string;
let bin: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-test-cache-'));
  bin = join(home, 'bin');
  await mkdir(bin);
});
afterEach(() => rm(home, { recursive: true, force: true }));

const goodServer = '#!/bin/sh\necho Fake v1.2.3\n';

async function script(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

/** A `go` that counts its builds, and makes a program of what `server` says. */
async function fakeGo(options: { server?: string; beforeBuild?: string } = {}): Promise<void> {
  await writeFile(join(home, 'server'), options.server ?? goodServer);
  await script(
    join(bin, 'go'),
    `#!/bin/sh
PATH=/usr/bin:/bin
if [ "$1" = build ]; then
  echo built >> "${home}/builds"
  ${options.beforeBuild ?? ':'}
  while [ "$1" != -o ]; do shift; done
  cp "${home}/server" "$2" && chmod 755 "$2"
fi
`,
  );
}

const environment = () => ({ PATH: bin, HOLDFAST_CACHE: join(home, 'cache'), TMPDIR: home });
const program = () => join(home, 'cache', 'fake', '1.2.3', 'fake');
const command = ['--no-warnings', join(import.meta.dirname, 'find-fake.ts')];

async function find(): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, command, { env: environment() });
}

async function failure(): Promise<string> {
  const { stderr } = await find().then(
    () => Promise.reject(new Error('It was found or built, and should not have been.')),
    (error: unknown) => error as { stderr: string },
  );
  return stderr;
}

async function builds(): Promise<number> {
  const text = await readFile(join(home, 'builds'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

test('the cache is HOLDFAST_CACHE, or lies in the cache folder of the user', () => {
  expect(cacheDirectory({ HOLDFAST_CACHE: '/var/cache/hf' })).toBe('/var/cache/hf');
  expect(cacheDirectory({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/holdfast');
  expect(cacheDirectory({ XDG_CACHE_HOME: 'relative' })).toMatch(/\/\.cache\/holdfast$/);
  expect(cacheDirectory({})).toMatch(/\/\.cache\/holdfast$/);
});

test('a server is built once, tells how far it is, and is found the next time', async () => {
  await fakeGo();
  const first = await find();
  expect(first.stdout).toBe(program());
  expect(first.stderr).toMatch(/fake 1\.2\.3 \(about 1 min the first time\): compiling \(0:0\d\)/);
  const second = await find();
  expect(second).toEqual({ stdout: program(), stderr: '' });
  expect(await builds()).toBe(1);
});

test('a server on PATH in the very version is used as it is', async () => {
  await script(join(bin, 'fake'), goodServer);
  expect((await find()).stdout).toBe(join(bin, 'fake'));
});

test('a server on PATH in another version is left alone', async () => {
  await fakeGo();
  await script(join(bin, 'fake'), '#!/bin/sh\necho Fake v1.2.30\n');
  expect((await find()).stdout).toBe(program());
});

test.each([
  ['half-written', ''],
  ['of another version', '#!/bin/sh\necho Fake v1.2.2\n'],
  ['broken', '#!/bin/sh\necho Fake v1.2.3\nexit 1\n'],
])('a program in the cache that is %s is built again', async (_, text) => {
  await fakeGo();
  await mkdir(join(home, 'cache', 'fake', '1.2.3'), { recursive: true });
  await script(program(), text);
  expect((await find()).stdout).toBe(program());
  expect(await readFile(program(), 'utf8')).toBe(goodServer);
  expect(await builds()).toBe(1);
});

test('a failed build names the command, its last lines, and leaves nothing that could be taken for a server', async () => {
  await fakeGo({ beforeBuild: 'echo main.go:7: undefined: frobnicate >&2; exit 3' });
  const stderr = await failure();
  expect(stderr).toContain('fake 1.2.3 could not be built.');
  expect(stderr).toMatch(/`go build [^`]*example\.test\/fake` failed with exit code 3\./);
  expect(stderr).toContain('main.go:7: undefined: frobnicate');
  expect(await readdir(join(home, 'cache', 'fake'))).toEqual([]);
});

test('a build that makes another version fails', async () => {
  await fakeGo({ server: '#!/bin/sh\necho Fake v9\n' });
  expect(await failure()).toContain('does not say that it is version 1.2.3, but: Fake v9');
});

test('without Go, or with one too old, it says so and what to install', async () => {
  const wanted = 'Go 1.25 or later is needed to build it. Install it';
  expect(await failure()).toContain(wanted);
  await script(join(bin, 'go'), '#!/bin/sh\necho go version go1.19.8 linux/amd64\n');
  const stderr = await failure();
  expect(stderr).toContain(wanted);
  expect(stderr).toContain('Found: go version go1.19.8');
});

test('two builders at once build once', async () => {
  await fakeGo({ beforeBuild: 'sleep 1' });
  const [one, two] = await Promise.all([find(), find()]);
  expect([one.stdout, two.stdout]).toEqual([program(), program()]);
  expect(await builds()).toBe(1);
  expect(one.stderr + two.stderr).toContain('another process is building it, waiting');
});

test('a builder that is killed takes its compiler with it and does not block the next one', async () => {
  await fakeGo({ beforeBuild: `echo $$ > "${home}/compiler"; sleep 60` });
  const killed = spawn(process.execPath, command, { env: environment() });
  while ((await builds()) === 0) await sleep(50);
  const compiler = Number(await readFile(join(home, 'compiler'), 'utf8'));
  killed.kill('SIGKILL');
  await once(killed, 'close');
  await gone(compiler);

  await fakeGo();
  expect((await find()).stdout).toBe(program());
  expect(await readdir(join(home, 'cache', 'fake'))).toEqual(['1.2.3']);
});

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
}

test('every folder of PATH is looked through', async () => {
  await fakeGo();
  const other = join(home, 'other');
  await mkdir(other);
  await script(join(bin, 'fake'), '#!/bin/sh\necho Fake v1.0.0\n');
  await script(join(other, 'fake'), goodServer);
  const env = { ...environment(), PATH: [bin, other].join(delimiter) };
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  expect(stdout).toBe(join(other, 'fake'));
});
