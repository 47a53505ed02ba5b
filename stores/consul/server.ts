import type http from 'node:http';
import type https from 'node:https';
import Consul from 'consul';
import { bytesOf as httpBytes, openHttp, type StreamedBody, textOf as httpText } from '../http.ts';
import { answerError } from './errors.ts';
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
  readonly body?: Buffer | StreamedBody;
  /** Instead of the settings' token. */
  readonly token?: string;
  readonly signal: AbortSignal;
  /** As of `HttpRequest`. */
  readonly patience?: number;
}

export function openServer(address: string, settings: ConsulSettings, tls: https.AgentOptions): Server {
  const connection = openHttp('Consul', address, tls);
  const { host, port, secure, agent } = connection;
  const { datacenter } = settings;
  const defaults = {
    ...(settings.token === undefined ? {} : { token: settings.token }),
    ...(datacenter === undefined ? {} : { dc: datacenter }),
  };

  function send({ method, path, body, signal, patience, token = settings.token }: Request) {
    return connection.send({
      ...{ method, body, signal, patience },
      path: withDatacenter(path, datacenter),
      headers: token === undefined ? {} : { 'X-Consul-Token': token },
    });
  }

  const api = new Consul({ host, port, secure, agent, defaults });
  return { address, api, send, close: () => connection.close() };
}

/** The bytes of an answer. Ends only at its end: an answer that is cut short throws. */
export function bytesOf(answer: http.IncomingMessage, address: string, signal: AbortSignal) {
  return httpBytes(answer, { product: 'Consul', address }, signal);
}

export function textOf(answer: http.IncomingMessage, address: string, signal: AbortSignal): Promise<string> {
  return httpText(answer, { product: 'Consul', address }, signal);
}

/** A small answer. */
export interface Told {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Sends, and reads a small answer whole. @throws what `answerError` makes of a status that is not `accepted`. */
export async function ask(
  server: Server,
  request: Request,
  accepted: readonly number[] = [200],
): Promise<Told> {
  return toldBy(server, await server.send(request), request, accepted);
}

/** Reads an answer as `ask` does. */
export async function toldBy(
  server: Server,
  answer: http.IncomingMessage,
  { signal }: Pick<Request, 'signal'>,
  accepted: readonly number[],
): Promise<Told> {
  const text = await textOf(answer, server.address, signal);
  const status = answer.statusCode ?? 0;
  if (!accepted.includes(status)) throw answerError(server.address, status, text);
  return { status, headers: answer.headers, text };
}

function withDatacenter(path: string, datacenter: string | undefined): string {
  if (datacenter === undefined) return path;
  return `${path}${path.includes('?') ? '&' : '?'}dc=${encodeURIComponent(datacenter)}`;
}
