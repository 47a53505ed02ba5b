import { execFile } from 'node:child_process';
import { run } from '../../services/cache/command.ts';

/** A Docker engine, by the address that its clients take from DOCKER_HOST. */
export interface Docker {
  readonly host: string | undefined;
  /** Runs `docker …` to its end. @returns its standard output @throws Error with its last lines */
  run(words: readonly string[], options?: DockerOptions): Promise<string>;
  /** The same, whatever its exit code is. */
  attempt(words: readonly string[]): Promise<Ended>;
}

export interface DockerOptions {
  readonly program?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

export interface Ended {
  readonly exit: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export function dockerAt(host?: string): Docker {
  // The classic builder is in every engine; the other one may want a plugin.
  const own = { DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0', ...(host && { DOCKER_HOST: host }) };
  return {
    host,
    run: (words, { program = 'docker', cwd = '/', env, onLine } = {}) =>
      run([program, ...words], { cwd, env: { ...own, ...env }, ...(onLine && { onLine }) }),
    attempt: (words) =>
      new Promise((resolve) => {
        execFile('docker', words, { env: { ...process.env, ...own } }, (error, stdout, stderr) =>
          resolve({ exit: error === null ? 0 : error.code, stdout, stderr }),
        );
      }),
  };
}
