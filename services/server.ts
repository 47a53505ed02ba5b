import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTied, type User } from '../stores/lifeline.ts';

/** A server that runs as a child of this process, and ends with it at the latest. */
export interface RunningServer {
  readonly name: string;
  /** As its clients take it: `host:port` or a URL. */
  readonly address: string;
  readonly pid: number;
  /** SIGTERM, after ten seconds SIGKILL; returns when it has ended. Asked again, it does nothing. */
  stop(): Promise<void>;
  /** Sends a signal (default SIGKILL); returns when the server has ended, or at once for SIGSTOP and SIGCONT. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves when it has ended, whatever ended it. */
  readonly ended: Promise<void>;
  /** The last of what it wrote. */
  log(): string;
}

export interface ServerCommand {
  readonly name: string;
  readonly address: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: User | undefined;
  /** Throws while the server is not ready. */
  ready(): Promise<void>;
  /** Called once when the server has ended, whatever ended it. */
  cleanUp?(): Promise<void>;
}

const logKept = 100_000;
/** A Java server takes a quarter of a minute, and several times that where all processors are busy. */
const startTimeout = 180_000;
const stopTimeout = 10_000;

/** A server that could not be started, with the end of its log in the message. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly portTaken: boolean;

  constructor(name: string, what: string, log: string) {
    const lines = log.trimEnd().split('\n').slice(-25);
    super(
      `${name} could not be started: ${what}.\nThe end of its log:\n${lines.map((l) => `  ${l}`).join('\n')}`,
    );
    this.portTaken = /address already in use|port is already/i.test(log);
  }
}

/**
 * Starts a server and waits until it is truly ready.
 * @throws StartError when it ends by itself, or is not ready within three minutes.
 */
export async function startServer(server: ServerCommand): Promise<RunningServer> {
  const { child, pid, stdout, stderr } = spawnTied(server.command, server);
  let log = '';
  for (const stream of [stdout, stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-logKept);
    });
  }
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const ended = once(child, 'close').then(() => server.cleanUp?.());

  const running: RunningServer = {
    name: server.name,
    address: server.address,
    pid,
    ended,
    async stop() {
      if (!hasEnded()) child.kill('SIGTERM');
      await Promise.race([ended, sleep(stopTimeout, undefined, { ref: false })]);
      if (!hasEnded()) child.kill('SIGKILL');
      await ended;
    },
    async kill(signal = 'SIGKILL') {
      if (!hasEnded()) child.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended;
    },
    log: () => log,
  };

  const deadline = Date.now() + startTimeout;
  for (;;) {
    if (hasEnded()) {
      await ended;
      throw new StartError(server.name, 'it ended by itself', log);
    }
    try {
      await server.ready();
      if (!hasEnded()) return running;
    } catch (error) {
      if (Date.now() > deadline) {
        await running.kill();
        throw new StartError(server.name, `not ready after ${startTimeout / 1000} s (${String(error)})`, log);
      }
    }
    await sleep(100);
  }
}

/** Starts again on other ports when somebody else took the chosen ones in between. */
export async function retryOnTakenPort<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === 3 || !(error instanceof StartError) || !error.portTaken) throw error;
    }
  }
}
