import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawnTied } from '../../stores/lifeline.ts';

const main = fileURLToPath(new URL('../../worker/main.ts', import.meta.url));

/** A worker as operators run it: a process of its own, which can be killed. */
export interface WorkerProcess {
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM, as service managers send it; gives the exit code, `null` where something else ended it. */
  terminate(): Promise<number | null>;
  log(): string;
}

/** Starts `node worker/main.ts`; returns when it serves. */
export async function startWorkerProcess(configFile: string): Promise<WorkerProcess> {
  const { child, stdout, stderr } = spawnTied([process.execPath, main, '--config', configFile], {});
  const ready = Promise.withResolvers<undefined>();
  let log = '';
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('"msg":"Ready"')) ready.resolve(undefined);
    });
  }
  const closed = once(child, 'close');
  await Promise.race([ready.promise, closed]);
  if (child.exitCode !== null) throw new Error(`The worker did not start:\n${log}`);

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await closed;
    return child.exitCode;
  };
  return {
    async kill() {
      await end('SIGKILL');
    },
    terminate: () => end('SIGTERM'),
    log: () => log,
  };
}
