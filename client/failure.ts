import { catalogue, type ErrorCode, HoldfastError } from '../workflows/contract/errors.ts';
import { Interrupted, type Io } from './io.ts';
import { paint, say } from './output.ts';

/**
 * Tells the person what went wrong and what to do, on stderr; gives the exit code. With `--json` it tells a program:
 * the last line on stderr is `{"error":{…}}`, since stdout is for results alone.
 * Only errors outside the catalogue are surprises; their stack is shown with `--debug`.
 */
export function reportFailure(
  error: unknown,
  io: Io,
  { debug, json }: { readonly debug: boolean; readonly json: boolean },
): number {
  const { reason } = io.signal as { reason: unknown };
  if (reason instanceof Interrupted) {
    if (reason.exit === 130) say(io, 'interrupted');
    return reason.exit;
  }
  if (json) {
    const told = failureDocument(error);
    say(io, JSON.stringify({ error: debug ? { ...told, stack: stackOf(error) } : told }));
    return told.exit;
  }
  const label = paint(io, io.stderr, 'red', 'error:');
  if (error instanceof HoldfastError) {
    say(io, `${label} ${error.message}`);
    say(io, `${catalogue[error.code].action} (${error.code})`);
    if (debug) say(io, stackOf(error));
    return catalogue[error.code].exit;
  }
  say(io, `${label} ${error instanceof Error ? error.message : String(error)}`);
  say(io, debug ? stackOf(error) : 'This was not foreseen; `--debug` shows where it happened.');
  return 1;
}

function failureDocument(error: unknown) {
  if (error instanceof HoldfastError) {
    const { action, exit } = catalogue[error.code];
    return { code: error.code, message: error.message, action, exit };
  }
  return { code: 'Unforeseen', message: error instanceof Error ? error.message : String(error), exit: 1 };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}

/** An error with this code of the catalogue, or a plain one where the code is not in it (`Unexpected`). */
export function named(code: string | null | undefined, message: string, cause?: unknown): Error {
  const options = cause === undefined ? {} : { cause };
  return isCode(code) ? new HoldfastError(code, message, options) : new Error(message, options);
}

function isCode(code: string | null | undefined): code is ErrorCode {
  return code !== undefined && code !== null && Object.hasOwn(catalogue, code);
}
