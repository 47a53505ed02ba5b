import { once } from 'node:events';
import { styleText } from 'node:util';
import type { Io, Output } from './io.ts';

/** Writes to a stream and waits where its reader is slower, so that a long result needs no memory. */
export async function write(stream: Output, text: string | Buffer, signal?: AbortSignal): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain', { signal });
}

/** Waits until everything has been taken; throws where it could not be (a full disk), so that no result ends short. */
export async function flush(stream: Output): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write('', (error) => (error ? reject(stream.errored ?? error) : resolve()));
  });
}

/** One line of the result. */
export async function printLine(io: Io, line: string): Promise<void> {
  await write(io.stdout, `${line}\n`, io.signal);
}

/** The result of `--json` as one document. */
export async function printJson(io: Io, value: unknown): Promise<void> {
  await printLine(io, JSON.stringify(value, null, 2));
}

/** One document a line (NDJSON), for lists that can be long. */
export async function printJsonLine(io: Io, value: unknown): Promise<void> {
  await printLine(io, JSON.stringify(value));
}

/** A message for people, on stderr. */
export function say(io: Io, text: string): void {
  io.stderr.write(`${text}\n`);
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Colours only a terminal, and none where NO_COLOR is set (no-color.org). */
export function paint(io: Io, stream: Output, style: Style, text: string): string {
  const plain = stream.isTTY !== true || Boolean(io.env['NO_COLOR']) || io.env['TERM'] === 'dumb';
  return plain ? text : styleText(style, text, { validateStream: false });
}
