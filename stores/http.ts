import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { free } from '../workflows/contract/memory.ts';

/** One address of a store that speaks HTTP. */
export interface HttpPeer {
  /** For messages: `Consul`. */
  readonly product: string;
  readonly address: string;
}

export interface HttpConnection extends HttpPeer {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly agent: http.Agent;
  /** Sends a request; the body of the answer is still to be read. */
  send(request: HttpRequest): Promise<http.IncomingMessage>;
  close(): void;
}

export interface HttpRequest {
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | StreamedBody | undefined;
  readonly signal: AbortSignal;
  /** Milliseconds from the connection to the first byte of the answer. Default: two minutes. */
  readonly patience?: number | undefined;
}

/** A body that is not held in memory. */
export interface StreamedBody {
  readonly bytes: number;
  /** All of it, from its start: a request may be sent twice. A piece may be read until the next one is asked for. */
  open(): AsyncIterable<Buffer>;
}

/** Paths of PEM files. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** How long a server may say nothing. Consul makes the whole list of a million keys before its first byte. */
const silence = 120_000;
const connectTimeout = 10_000;

export function openHttp(product: string, address: string, tls: https.AgentOptions): HttpConnection {
  const url = new URL(address);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const agent = secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true });
  const peer = { product, address };

  async function send(request: HttpRequest): Promise<http.IncomingMessage> {
    const { method, path, headers, body, signal, patience = silence } = request;
    const options: https.RequestOptions = {
      ...{ host, port, agent, method, path, signal },
      headers: { ...headers, ...(body === undefined ? {} : { 'Content-Length': lengthOf(body) }) },
    };
    for (;;) {
      const outgoing = secure ? https.request(options) : http.request(options);
      try {
        return await answerOf(outgoing, body, patience);
      } catch (error) {
        signal.throwIfAborted();
        if (!(outgoing.reusedSocket && isReset(error))) throw connectionError(peer, error);
        // The server closed an idle connection just as we took it. Every request here may be sent twice.
      }
    }
  }

  return { ...peer, host, port, secure, agent, send, close: () => agent.destroy() };
}

function isReset(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function answerOf(
  outgoing: http.ClientRequest,
  body: HttpRequest['body'],
  patience: number,
): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const limit = (milliseconds: number, what: string) =>
    setTimeout(() => outgoing.destroy(new Error(`no ${what} within ${milliseconds / 1000} s`)), milliseconds);
  let timer = limit(connectTimeout, 'connection');
  outgoing.once('socket', (socket) => {
    const connected = () => {
      clearTimeout(timer);
      timer = limit(patience, 'answer');
    };
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
  if (body === undefined || Buffer.isBuffer(body)) outgoing.end(body);
  else void pour(body.open(), outgoing);
  return promise.finally(() => clearTimeout(timer));
}

function lengthOf(body: Buffer | StreamedBody): number {
  return Buffer.isBuffer(body) ? body.length : body.bytes;
}

/** What fails in the reading of the body fails the request, which the server then has not got as a whole. */
async function pour(bytes: AsyncIterable<Buffer>, outgoing: http.ClientRequest): Promise<void> {
  try {
    for await (const piece of bytes) {
      if (outgoing.destroyed) return;
      // What is written is sent later, and the memory of a piece is used again.
      if (!outgoing.write(Buffer.from(piece))) await drained(outgoing);
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy(Error.isError(error) ? error : new Error(String(error)));
  }
}

async function drained(outgoing: http.ClientRequest): Promise<void> {
  const settled = Promise.withResolvers<undefined>();
  const done = () => settled.resolve(undefined);
  outgoing.once('drain', done);
  outgoing.once('close', done);
  await settled.promise;
  outgoing.off('drain', done);
  outgoing.off('close', done);
}

/**
 * The bytes of an answer. Ends only at its end: an answer that is cut short throws. What the consumer takes its
 * time for does not count as silence.
 */
export async function* bytesOf(answer: http.IncomingMessage, peer: HttpPeer, signal: AbortSignal) {
  const iterator: AsyncIterator<Buffer> = answer.iterator();
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      timer = setTimeout(() => answer.destroy(new Error(`nothing came for ${silence / 1000} s`)), silence);
      const next = await iterator.next();
      clearTimeout(timer);
      if (next.done === true) break;
      yield next.value;
    }
    if (!answer.complete) throw new Error('the connection was closed');
  } catch (error) {
    signal.throwIfAborted();
    throw brokenError(peer, error);
  } finally {
    clearTimeout(timer);
    answer.destroy();
  }
}

export async function textOf(
  answer: http.IncomingMessage,
  peer: HttpPeer,
  signal: AbortSignal,
): Promise<string> {
  return (await allBytesOf(answer, peer, signal)).toString('utf8');
}

export async function allBytesOf(
  answer: http.IncomingMessage,
  peer: HttpPeer,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytesOf(answer, peer, signal)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  chunks.forEach(free);
  return bytes;
}

/** @throws ConfigInvalid where a PEM file cannot be read; `setting` names the settings for the message. */
export function readTls(setting: string, { ca, cert, key, serverName }: TlsFiles = {}): https.AgentOptions {
  const pem = (name: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new HoldfastError('ConfigInvalid', `${setting}.${name}: ${words}`, { cause });
    }
  };
  return {
    ...(ca === undefined ? {} : { ca: pem('ca', ca) }),
    ...(cert === undefined ? {} : { cert: pem('cert', cert) }),
    ...(key === undefined ? {} : { key: pem('key', key) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/** A connection that did not come about or broke before an answer. */
export function connectionError({ product, address }: HttpPeer, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const options = { cause: error, details: { address } };
  const words = Error.isError(error) ? wordsOf(error) : String(error);
  const from = `${product} at ${address}`;
  if (isTlsError(error)) {
    return new HoldfastError('StoreRefused', `No secure connection to ${from}: ${words}`, options);
  }
  return new HoldfastError('StoreUnreachable', `${from} does not answer: ${words}`, options);
}

/** An answer that broke off on its way. */
function brokenError({ product, address }: HttpPeer, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const words = Error.isError(error) ? wordsOf(error) : String(error);
  return new HoldfastError('StreamBroken', `The answer of ${product} at ${address} broke off: ${words}`, {
    cause: error,
    details: { address },
  });
}

function wordsOf(error: Error): string {
  // Node gathers the attempts on a name's IPv4 and IPv6 addresses in one error with an empty message.
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.map(String).join(', ');
  return error.message;
}

function isTlsError(error: unknown): boolean {
  const code = Error.isError(error) && 'code' in error ? String(error.code) : '';
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH)/.test(code);
}
