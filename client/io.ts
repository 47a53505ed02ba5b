import type { Readable, Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Everything of the outside world that a command may touch, so that tests can run commands in-process. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Results only. */
  readonly stdout: Output;
  /** Progress, questions and messages. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts on Ctrl-C, or when nobody reads stdout any more. */
  readonly signal: AbortSignal;
  /** Lets a command take the place of this process; gives its exit code. */
  readonly become: (command: readonly string[]) => Promise<number>;
}

/** Thrown to end with the exit code of a command that took the place of this one; nothing is printed. */
export class Ended extends Error {
  readonly exit: number;

  constructor(exit: number) {
    super('ended');
    this.name = 'Ended';
    this.exit = exit;
  }
}

/** Reasons of `Io.signal`; they are no failures and print no stack. */
export class Interrupted extends Error {
  readonly exit: 130 | 141 | 143;

  constructor(exit: 130 | 141 | 143) {
    super('interrupted');
    this.name = 'Interrupted';
    this.exit = exit;
  }
}
