import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAll } from '../../services/all.ts';

let directory: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-test-services-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

function run(script: string, argument?: string) {
  const words = [join(import.meta.dirname, script), ...(argument ? [argument] : [])];
  const started = spawn(process.execPath, words, {
    cwd: directory,
    // Where a killed one leaves its temporary files.
    env: { ...process.env, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child = started;
  return started;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a killed parent leaves no server behind', async () => {
  const parent = run('start-all.ts', join(directory, 'set'));
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  const pids = JSON.parse(line) as number[];
  expect(pids.map(isAlive)).toEqual([true, true, true]);

  parent.kill('SIGKILL');
  await once(parent, 'exit');
  while (pids.some(isAlive)) await sleep(50);
});

test('two sets run side by side, each with ports and data of its own', async () => {
  const base = join(directory, 'set');
  const one = await startAll(base);
  try {
    const two = await startAll(base);
    try {
      expect([one.directory, two.directory]).toEqual([base, `${base}-2`]);
      const pairs = [one, two].map(({ temporal, consul, s3 }) => [
        temporal.address,
        temporal.uiAddress,
        consul.address,
        s3.address,
      ]);
      expect(new Set(pairs.flat()).size).toBe(8);
    } finally {
      await two.stop();
    }
  } finally {
    await one.stop();
  }
});

test('`npm run services` prints the addresses, the Temporal UI first, and stops all on SIGTERM', async () => {
  const services = run('../../services/main.ts');
  let output = '';
  services.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  while (!output.includes('Ctrl-C')) await sleep(50);

  const urls = output.match(/http:\/\/127\.0\.0\.1:\d+/g) ?? [];
  expect(output.trimStart()).toMatch(/^Temporal UI +http/);
  const page = await fetch(urls[0] ?? '');
  expect([page.status, (await page.text()).slice(0, 15)]).toEqual([200, '<!doctype html>']);
  expect(output).toMatch(/export TEMPORAL_ADDRESS=127\.0\.0\.1:\d+\n/);
  expect(output).toMatch(/export AWS_SECRET_ACCESS_KEY=\S+\n/);

  services.kill('SIGTERM');
  const [code] = (await once(services, 'exit')) as [number];
  expect(code).toBe(0);
  for (const url of new Set(urls)) await expect(fetch(url)).rejects.toThrow('fetch failed');
});
