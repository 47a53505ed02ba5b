import { once } from 'node:events';
import { join } from 'node:path';
import project from '../package.json' with { type: 'json' };
import { spawnTied } from '../stores/lifeline.ts';

export interface BenchWorker {
  readonly pid: number;
  stop(): Promise<void>;
}

/** The very command of `npm run worker`, without npm. Resolves when it takes work. */
export async function startWorker(
  configFile: string,
  env: Readonly<Record<string, string>>,
): Promise<BenchWorker> {
  const command = `exec env ${project.scripts.worker} --config '${configFile}'`;
  const { child, pid, stdout, stderr } = spawnTied(['/bin/sh', '-c', command], {
    cwd: join(import.meta.dirname, '..'),
    env,
  });
  const ready = Promise.withResolvers<undefined>();
  let log = '';
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-5000);
      if (log.includes('"msg":"Ready"')) ready.resolve(undefined);
    });
  }
  const ended = once(child, 'close');
  child.once('exit', () => ready.reject(new Error(`The worker ended by itself. It wrote:\n${log}`)));
  await ready.promise;
  return {
    pid,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
