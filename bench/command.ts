import { once } from 'node:events';
import { spawnTied } from '../stores/lifeline.ts';
import { watchProcess } from './measure.ts';
import type { Round } from './statistics.ts';

/** Runs a line of shell, with all its processes measured. @throws where any command of it fails */
export async function measureShell(line: string, env: Readonly<Record<string, string>>): Promise<Round> {
  const started = performance.now();
  // bash, for it can tell of a pipeline that some command other than the last one failed.
  const { child, pid, stdout, stderr } = spawnTied(['bash', '-c', `set -o pipefail\n${line}`], { env });
  let said = '';
  stdout.resume();
  stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const watch = await watchProcess(pid);
  const [code] = await ended;
  const wall = (performance.now() - started) / 1000;
  const usage = await watch.stop();
  if (code !== 0) throw new Error(`\`${line}\` ended with exit code ${code ?? 'none'}:\n${said}`);
  return { wall, ...usage };
}
