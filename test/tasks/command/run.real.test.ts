import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandEnd, runCommand, type RunOptions } from '../../../tasks/command/run.ts';
import type { CommandSettings } from '../../../tasks/command/settings.ts';
import { tailBytes } from '../../../tasks/tail.ts';

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-command-'));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

const hour = 3_600_000;

async function run(
  command: readonly [string, ...string[]] | string,
  settings: Partial<CommandSettings> = {},
  options: Partial<RunOptions> = {},
): Promise<CommandEnd> {
  const argv = typeof command === 'string' ? (['/bin/sh', '-c', command] as const) : command;
  return runCommand(
    'Task job',
    { argv, directory: scratch, env: {}, grace: 10_000, retries: 0, ...settings },
    {
      env: { PATH: process.env['PATH'] },
      facts: {},
      timeLimit: hour,
      signal: new AbortController().signal,
      onView: () => undefined,
      ...options,
    },
  );
}

/** Waits until a process is gone: a zombie is. */
async function isGone(pid: number): Promise<boolean> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (status === undefined || status.includes(') Z ')) return true;
    await sleep(50);
  }
  return false;
}

async function numberIn(file: string): Promise<number> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const text = await readFile(join(scratch, file), 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await sleep(50);
  }
  throw new Error(`${file} was not written`);
}

test('checklist 60: exit status, output, pid and times of a command', async () => {
  const end = await run('echo "I am $$"; echo oh >&2; exit 3');
  expect(end).toMatchObject({ exitStatus: 3, stderr: { text: 'oh\n', bytes: 3, cut: false } });
  expect(end.stdout.text).toBe(`I am ${end.pid}\n`);
  expect(end.startedAt <= end.endedAt).toBe(true);
  expect(end).not.toHaveProperty('stopped');
});

test('arguments reach the program as they are', async () => {
  const { stdout } = await run(['printf', '%s|', '$HOME', '*', 'a b', '"', '']);
  expect(stdout.text).toBe('$HOME|*|a b|"||');
});

test('of a long output the end is kept, whole characters only', async () => {
  const { stdout } = await run(`i=0; while [ $i -lt 6000 ]; do printf 'é'; i=$((i+1)); done; printf x`);
  expect(stdout).toMatchObject({ bytes: 12_001, cut: true });
  expect(stdout.text).toMatch(/^é+x$/);
  expect(Buffer.byteLength(stdout.text)).toBe(tailBytes - 1);
});

test('the environment holds what the job sets and the basics, and nothing else of the worker’s', async () => {
  const worker = {
    PATH: process.env['PATH'],
    HOME: '/root',
    AWS_SECRET_ACCESS_KEY: 'no',
    TEMPORAL_API_KEY: 'no',
  };
  const settings = { env: { COLOUR: 'blue', PATH: '/usr/bin:/bin' } };
  const { stdout } = await run(['env'], settings, { env: worker, facts: { HOLDFAST_JOB: 'job' } });
  const names = stdout.text.trimEnd().split('\n').sort();
  expect(names.filter((line) => !/^(_|SHLVL|PWD|OLDPWD)=/.test(line))).toEqual([
    'COLOUR=blue',
    'HOLDFAST_JOB=job',
    'HOME=/root',
    'PATH=/usr/bin:/bin',
  ]);
});

test('it runs in its working directory; one that is not there is told', async () => {
  expect((await run(['pwd'], { directory: '/usr' })).stdout.text).toBe('/usr\n');
  await expect(run(['pwd'], { directory: '/no/such' })).rejects.toMatchObject({
    code: 'TaskFailed',
    message: 'Task job was not started (ENOENT): look at its working directory, /no/such.',
  });
});

test('a program that is not there ends with 127, as in every shell', async () => {
  expect(await run(['/no/such/program'])).toMatchObject({ exitStatus: 127 });
});

test('as another user: root may, others are told why not', async () => {
  const asNobody = run('id -un; id -gn; echo $HOME $USER', { user: 'nobody' });
  if (process.getuid?.() === 0) {
    const { stdout } = await asNobody;
    expect(stdout.text.split('\n')[0]).toBe('nobody');
    expect(stdout.text.trimEnd().endsWith(' nobody')).toBe(true);
    const numbers = await run('id -u; id -g', { user: '4711:4712', directory: '/' });
    expect(numbers.stdout.text).toBe('4711\n4712\n');
  } else {
    await expect(asNobody).rejects.toMatchObject({
      code: 'TaskFailed',
      message: expect.stringContaining('root') as string,
    });
  }
  await expect(run(['id'], { user: 'no-such-user' })).rejects.toThrow('has no user "no-such-user"');
  await expect(run(['id'], { user: '0:no-such-group' })).rejects.toThrow('has no group "no-such-group"');
});

test('told to stop, all of it gets SIGTERM, and may end in its own way', async () => {
  const stop = new AbortController();
  const running = run(
    `trap 'echo bye; exit 5' TERM; (trap 'echo child >&2; exit' TERM; sleep 600 & wait) & echo up > ready; echo $! > child; wait; wait`,
    {},
    { signal: stop.signal },
  );
  const child = await numberIn('child');
  stop.abort();
  const end = await running;
  expect(end).toMatchObject({ exitStatus: 5, stopped: 'asked', stdout: { text: 'bye\n' } });
  expect(await isGone(child)).toBe(true);
});

test('what does not obey SIGTERM gets SIGKILL after the grace, with its children', async () => {
  const stop = new AbortController();
  const running = run(
    `trap '' TERM; sh -c 'echo $$ > stubborn; while :; do sleep 1; done' & wait; wait`,
    { grace: 300 },
    { signal: stop.signal },
  );
  const child = await numberIn('stubborn');
  stop.abort();
  expect(await running).toMatchObject({ signal: 'SIGKILL', stopped: 'asked' });
  expect(await isGone(child)).toBe(true);
});

test('at its time limit it is stopped', async () => {
  const end = await run('echo begun; sleep 600', {}, { timeLimit: 1000 });
  expect(end).toMatchObject({ signal: 'SIGTERM', stopped: 'time limit' });
});

test('what a command leaves in its process group ends with it', async () => {
  expect(await run('sleep 600 & echo $! > left')).toMatchObject({ exitStatus: 0 });
  expect(await isGone(await numberIn('left'))).toBe(true);
});

test('a daemon that left the group and holds the output open does not hold the run up', async () => {
  const end = await run('setsid sleep 600 & echo $! > daemon; sleep 1; echo done');
  expect(end).toMatchObject({ exitStatus: 0, stdout: { text: 'done\n' } });
  const daemon = await numberIn('daemon');
  expect(await readFile(`/proc/${daemon}/comm`, 'utf8')).toBe('sleep\n');
  process.kill(daemon);
});

test('a program that waits for all its children is not held up', async () => {
  // Perl waits as `wait(2)` does: for any child there is. It comes with Debian.
  const end = await run(['perl', '-e', 'if (fork() == 0) { exit 0 } 1 while wait() != -1; print "all\\n"']);
  expect(end).toMatchObject({ exitStatus: 0, stdout: { text: 'all\n' } });
});

test('the whole output is handed on, however slowly it is taken', async () => {
  const sums = { stdout: 0, stderr: 0 };
  let most = 0;
  const end = await run(
    'head -c 3000000 /dev/zero; head -c 1000 /dev/zero >&2',
    {},
    {
      async keep(name, output) {
        for await (const chunk of output) {
          sums[name] += chunk.length;
          most = Math.max(most, chunk.length);
          await sleep(20);
        }
      },
    },
  );
  expect(sums).toEqual({ stdout: 3_000_000, stderr: 1000 });
  expect(end.stdout).toMatchObject({ bytes: 3_000_000, cut: true });
  expect(most).toBeLessThan(1_000_000);
});

test('where the output cannot be kept, the command goes on', async () => {
  const end = await run(
    'head -c 3000000 /dev/zero; echo fine',
    {},
    {
      async keep(_name, output) {
        for await (const _chunk of output) return;
      },
    },
  );
  expect(end).toMatchObject({ exitStatus: 0, stdout: { bytes: 3_000_005 } });
});

test('what a command is doing is told while it runs', async () => {
  const views: string[] = [];
  const stop = new AbortController();
  await run(
    'echo half; sleep 600',
    {},
    {
      signal: stop.signal,
      onView: ({ stdout }, stopping) => {
        views.push(`${stdout.text.trim()} ${stopping}`);
        if (stdout.text !== '') stop.abort();
      },
    },
  );
  expect(views).toContain('half false');
  expect(views).toContain('half true');
});

test('checklist 17: a worker that is killed takes its command along, children included', async () => {
  const code = `
    const { runCommand } = await import(${JSON.stringify(new URL('../../../tasks/command/run.ts', import.meta.url).href)});
    await runCommand('Task job', { argv: ['/bin/sh', '-c', process.argv[1]], directory: ${JSON.stringify(scratch)}, env: {}, grace: 500, retries: 0 },
      { env: { PATH: process.env.PATH }, facts: {}, timeLimit: 1e9, signal: new AbortController().signal, onView: () => undefined });`;
  const script = `trap 'echo told > told' TERM; (trap '' TERM; echo $$ > orphan; sh -c 'echo $PPID > inner; sleep 600') & sleep 600 & wait; wait; wait`;
  const worker = spawn(process.execPath, ['--input-type=module', '--eval', code, script], {
    stdio: 'ignore',
  });
  const [outer, inner] = [await numberIn('orphan'), await numberIn('inner')];
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  expect(await isGone(inner)).toBe(true);
  expect(await isGone(outer)).toBe(true);
  // SIGTERM came first.
  expect(await readFile(join(scratch, 'told'), 'utf8')).toBe('told\n');
});
