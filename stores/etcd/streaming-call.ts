import { status } from '@grpc/grpc-js';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
import { piecesOf } from '../../workflows/contract/memory.ts';

/**
 * A call that is answered by many messages, in a connection of its own. It is the gRPC that @grpc/grpc-js speaks for
 * all other calls; but that one joins the pieces of every message in new memory, and for a snapshot it costs more
 * processor time than to compress it.
 */
export interface StreamingCall {
  /** The bytes of each message: to be read until the next one is asked for. Throws a `CallFailure`. */
  readonly messages: AsyncIterable<Buffer>;
  cancel(): void;
}

export interface StreamingRequest {
  readonly address: URL;
  readonly tls: Tls;
  /** `/package.Service/Method` */
  readonly path: string;
  readonly message: Buffer;
  readonly token: string | undefined;
  /** Bytes of one message of the answer, at most. */
  readonly longest: number;
}

export type Tls = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & { readonly servername?: string };

/** How the server, or the connection to it, ended a call. */
export class CallFailure extends Error {
  readonly code: status;

  constructor(code: status, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CallFailure';
    this.code = code;
  }
}

/** Bytes that are sent before they are asked for. */
const window = 8 * 1024 * 1024;
/** Of a message: whether it is compressed (never, since nobody asked for it), and its length. */
const prefixBytes = 5;

export function startStreamingCall(request: StreamingRequest): StreamingCall {
  const { address, tls, path, message, token, longest } = request;
  const session = connect(address, { ...tls, settings: { enablePush: false, initialWindowSize: window } });
  session.once('connect', () => session.setLocalWindowSize(window));
  // What breaks the connection breaks the stream, which tells of it.
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(token !== undefined && { token }),
  });
  const answer: IncomingHttpHeaders = {};
  const take = (headers: IncomingHttpHeaders) => void Object.assign(answer, headers);
  stream.on('response', take).on('trailers', take);
  const pieces = piecesOf(stream);
  stream.end(Buffer.concat([prefixOf(message), message]));

  async function* messages(): AsyncGenerator<Buffer> {
    try {
      yield* cutMessages(pieces, longest);
    } catch (error) {
      throw failureIn(answer) ?? failureOf(error);
    } finally {
      session.destroy();
    }
    const failure = failureIn(answer);
    if (failure !== undefined) throw failure;
    if (answer['grpc-status'] === undefined) throw failureOf(new Error('the answer ended without a status'));
  }

  return { messages: messages(), cancel: () => session.destroy() };
}

function prefixOf({ length }: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

/** Joins the pieces of every message, all in the same memory. */
async function* cutMessages(chunks: AsyncIterable<Buffer>, longest: number): AsyncGenerator<Buffer> {
  const prefix = Buffer.alloc(prefixBytes);
  let memory = Buffer.allocUnsafeSlow(1 << 16);
  /** Bytes of the message at hand; its prefix is counted. */
  let filled = 0;
  let size = prefixBytes;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const isPrefix = filled < prefixBytes;
      const copied = isPrefix
        ? chunk.copy(prefix, filled, at)
        : chunk.copy(memory, filled - prefixBytes, at, at + size - filled);
      at += copied;
      filled += copied;
      if (isPrefix && filled === prefixBytes) {
        const bytes = prefix.readUInt32BE(1);
        if (prefix[0] !== 0) throw new Error('a message is compressed, though nobody asked for that');
        if (bytes > longest)
          throw new Error(`a message has ${bytes} bytes, and at most ${longest} are taken`);
        if (bytes > memory.length) memory = Buffer.allocUnsafeSlow(bytes);
        size = prefixBytes + bytes;
      }
      if (filled < size) continue;
      yield memory.subarray(0, size - prefixBytes);
      filled = 0;
      size = prefixBytes;
    }
  }
  if (filled > 0) throw new Error('the answer ended in the middle of a message');
}

/** What the server said. */
function failureIn(answer: IncomingHttpHeaders): CallFailure | undefined {
  const { ':status': http, 'grpc-status': code, 'grpc-message': words = '' } = answer;
  if (code !== undefined && code !== '0') {
    return new CallFailure(codeOf(String(code)), decoded(String(words)));
  }
  if (http === undefined || String(http) === '200') return undefined;
  return new CallFailure(status.UNAVAILABLE, `HTTP status ${String(http)}`);
}

function codeOf(text: string): status {
  const codes = Object.values(status).filter((value) => typeof value === 'number');
  return codes.find((code) => String(code) === text) ?? status.UNKNOWN;
}

function failureOf(cause: unknown): CallFailure {
  const words = Error.isError(cause) ? cause.message : String(cause);
  return new CallFailure(status.UNAVAILABLE, words, { cause });
}

/** gRPC escapes what is not printable; what is not escaped rightly stands as it is. */
function decoded(words: string): string {
  try {
    return decodeURIComponent(words);
  } catch {
    return words;
  }
}
