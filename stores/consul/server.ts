import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Consul from 'consul';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { answerError, brokenError, connectionError } from './errors.ts';
import type { ConsulSettings } from './settings.ts';

/** One address of a Consul. */
export interface Server {
  readonly address: string;
  /**
   * The `consul` package at this address, for status, agent and the like. Keys are read and written by `send`: the
   * package reads an answer as a whole, rounds 64-bit numbers, and waits for ever on an answer that broke off.
   */
  readonly api: Consul;
  /** Sends a request; the body of the answer is still to be read. */
  send(request: Request): Promise<http.IncomingMessage>;
  close(): void;
}

export interface Request {
  readonly method: 'GET' | 'PUT';
  /** Path and query, encoded. The datacenter of the settings is added. */
  readonly path: string;
  readonly body?: Buffer;
  /** Instead of the settings' token. */
  readonly token?: string;
  readonly signal: AbortSignal;
}

/** How long a server may say nothing. Consul makes the whole list of a million keys before its first byte. */
const silence = 120_000;
const connectTimeout = 10_000;

export function openServer(address: string, settings: ConsulSettings, tls: https.AgentOptions): Server {
  const url = new URL(address);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const agent = secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true });
  const { datacenter } = settings;
  const defaults = {
    ...(settings.token === undefined ? {} : { token: settings.token }),
    ...(datacenter === undefined ? {} : { dc: datacenter }),
  };

  async function send(request: Request): Promise<http.IncomingMessage> {
    const { method, body, signal, token = settings.token } = request;
    const options: https.RequestOptions = {
      ...{ host, port, agent, method, signal },
      path: withDatacenter(request.path, datacenter),
      headers: {
        ...(token === undefined ? {} : { 'X-Consul-Token': token }),
        ...(body === undefined ? {} : { 'Content-Length': body.length }),
      },
    };
    for (;;) {
      const outgoing = secure ? https.request(options) : http.request(options);
      try {
        return await answerOf(outgoing, body);
      } catch (error) {
        signal.throwIfAborted();
        if (!(outgoing.reusedSocket && isReset(error))) throw connectionError(address, error);
        // The server closed an idle connection just as we took it. Every request here may be sent twice.
      }
    }
  }

  const api = new Consul({ host, port, secure, agent, defaults });
  return { address, api, send, close: () => agent.destroy() };
}

function isReset(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function answerOf(outgoing: http.ClientRequest, body: Buffer | undefined): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const limit = (milliseconds: number, what: string) =>
    setTimeout(() => outgoing.destroy(new Error(`no ${what} within ${milliseconds / 1000} s`)), milliseconds);
  let timer = limit(connectTimeout, 'connection');
  outgoing.once('socket', (socket) => {
    const connected = () => {
      clearTimeout(timer);
      timer = limit(silence, 'answer');
    };
    if (socket.connecting) socket.once('connect', connected);
    else connected();
  });
  outgoing.once('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise.finally(() => clearTimeout(timer));
}

/**
 * The bytes of an answer. Ends only at its end: an answer that is cut short throws. What the consumer takes its
 * time for does not count as silence.
 */
export async function* bytesOf(answer: http.IncomingMessage, address: string, signal: AbortSignal) {
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
    throw brokenError(address, error);
  } finally {
    clearTimeout(timer);
    answer.destroy();
  }
}

export async function textOf(
  answer: http.IncomingMessage,
  address: string,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytesOf(answer, address, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends, and reads a small answer whole. @throws what `answerError` makes of a status that is not `accepted`. */
export async function ask(
  server: Server,
  request: Request,
  accepted: readonly number[] = [200],
): Promise<{ readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly text: string }> {
  const answer = await server.send(request);
  const text = await textOf(answer, server.address, request.signal);
  const status = answer.statusCode ?? 0;
  if (!accepted.includes(status)) throw answerError(server.address, status, text);
  return { status, headers: answer.headers, text };
}

function withDatacenter(path: string, datacenter: string | undefined): string {
  if (datacenter === undefined) return path;
  return `${path}${path.includes('?') ? '&' : '?'}dc=${encodeURIComponent(datacenter)}`;
}

export function readTls({ tls }: ConsulSettings): https.AgentOptions {
  const { ca, cert, key, serverName } = tls ?? {};
  return {
    ...(ca === undefined ? {} : { ca: readPem('ca', ca) }),
    ...(cert === undefined ? {} : { cert: readPem('cert', cert) }),
    ...(key === undefined ? {} : { key: readPem('key', key) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function readPem(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('ConfigInvalid', `consul.tls.${setting}: ${words}`, { cause });
  }
}
