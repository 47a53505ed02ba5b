import { PassThrough, Writable } from 'node:stream';
import type { Io, Output } from '../../client/io.ts';
import { run } from '../../client/main.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: Buffer;
  /** `stdout` as text. */
  readonly text: string;
  readonly stderr: string;
  readonly became: FakeIo['became'];
}

export interface FakeIo extends Io {
  readonly written: { readonly stdout: Buffer[]; readonly stderr: Buffer[] };
  /** The commands that this one was to become. */
  readonly became: (readonly string[])[];
}

export interface FakeOptions {
  readonly env?: Io['env'];
  readonly signal?: AbortSignal;
  /** Whether stdout and stderr are terminals. */
  readonly terminal?: boolean;
  readonly columns?: number;
  /** Default: empty, and no terminal. */
  readonly stdin?: Io['stdin'];
  /** The exit code of what this command becomes. */
  readonly becomes?: number;
}

/** The outside world of a command, in memory. */
export function fakeIo({
  env = {},
  signal,
  terminal = false,
  columns = 100,
  stdin = new PassThrough().end(),
  becomes = 0,
}: FakeOptions = {}): FakeIo {
  const written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const became: (readonly string[])[] = [];
  return {
    stdin,
    stdout: collecting(written.stdout, terminal, columns),
    stderr: collecting(written.stderr, terminal, columns),
    env,
    signal: signal ?? new AbortController().signal,
    written,
    became,
    become(command) {
      became.push(command);
      return Promise.resolve(becomes);
    },
  };
}

function collecting(chunks: Buffer[], isTTY: boolean, columns: number): Output {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(stream, { isTTY, columns });
}

/** Runs a command line in this process. */
export async function holdfast(args: readonly string[], options: FakeOptions = {}): Promise<Ran> {
  const io = fakeIo(options);
  const exit = await run(args, io);
  const stdout = Buffer.concat(io.written.stdout);
  const stderr = Buffer.concat(io.written.stderr).toString();
  return { exit, stdout, text: stdout.toString(), stderr, became: io.became };
}
