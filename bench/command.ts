import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTied } from '../stores/lifeline.ts';
import { watchProcess } from './measure.ts';
import type { Round } from './statistics.ts';

/** Runs a line of shell, with all its processes measured. @throws where any command of it fails */
export async function measureShell(line: string, env: Readonly<Record<string, string>>): Promise<Round> {
  const command = await startShell(line, env);
  const { code, said } = await command.ended;
  const round = await command.measured();
  if (code !== 0) throw new Error(`\`${line}\` ended with exit code ${code ?? 'none'}:\n${said}`);
  return round;
}

const pollInterval = 50;

/** The same for a program that never ends: until what it is to do is done. */
export async function measureUntil(
  line: string,
  env: Readonly<Record<string, string>>,
  isDone: () => Promise<boolean>,
): Promise<Round> {
  const command = await startShell(`exec ${line}`, env);
  let failure: Error | undefined;
  void command.ended.then(({ said }) => (failure = new Error(`\`${line}\` ended by itself:\n${said}`)));
  while (!(await isDone())) {
    if (failure !== undefined) throw failure;
    await sleep(pollInterval);
  }
  const round = await command.measured();
  command.stop();
  await command.ended;
  return round;
}

async function startShell(line: string, env: Readonly<Record<string, string>>) {
  const started = performance.now();
  // bash, for it can tell of a pipeline that some command other than the last one failed.
  const { child, pid, stdout, stderr } = spawnTied(['bash', '-c', `set -o pipefail\n${line}`], { env });
  let said = '';
  stdout.resume();
  stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const watch = await watchProcess(pid);
  return {
    ended: closed.then(([code]) => ({ code, said })),
    async measured(): Promise<Round> {
      const wall = (performance.now() - started) / 1000;
      return { wall, ...(await watch.stop()) };
    },
    stop: () => child.kill('SIGTERM'),
  };
}
