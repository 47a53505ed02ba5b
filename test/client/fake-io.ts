import { PassThrough, Writable } from 'node:stream';
import type { Io, Output } from '../../client/io.ts';
import { run } from '../../client/main.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: Buffer;
  /** `stdout` as text. */
  readonly text: string;
  readonly stderr: string;
}

export interface FakeIo extends Io {
  readonly written: { readonly stdout: Buffer[]; readonly stderr: Buffer[] };
}

export interface FakeOptions {
  readonly env?: Io['env'];
  readonly signal?: AbortSignal;
  /** Whether stdout and stderr are terminals. */
  readonly terminal?: boolean;
  readonly columns?: number;
  /** Default: empty, and no terminal. */
  readonly stdin?: Io['stdin'];
}

/** The outside world of a command, in memory. */
export function fakeIo({
  env = {},
  signal,
  terminal = false,
  columns = 100,
  stdin = new PassThrough().end(),
}: FakeOptions = {}): FakeIo {
  const written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  return {
    stdin,
    stdout: collecting(written.stdout, terminal, columns),
    stderr: collecting(written.stderr, terminal, columns),
    env,
    signal: signal ?? new AbortController().signal,
    written,
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
  return { exit, stdout, text: stdout.toString(), stderr: Buffer.concat(io.written.stderr).toString() };
}
