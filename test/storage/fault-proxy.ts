import { createServer, request as sendOn, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What goes wrong with a request. */
export type Fault =
  /** It is not passed on; this is the answer. */
  | { readonly answer: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** It is not passed on; the connection is reset after so many bytes of its body (default: none). */
  | { readonly reset: true; readonly after?: number }
  /** It is passed on and carried out, but its answer is lost with the connection. */
  | { readonly lose: true }
  /** The body of the answer breaks off after so many bytes, and the connection with it. */
  | { readonly truncate: number }
  /** The answer says that its body has so many bytes, gives these, and ends well. */
  | { readonly shorten: number }
  /** The body of the answer comes in drops: bytes each, milliseconds between. */
  | { readonly drip: number; readonly every: number }
  /** The byte at this place of the request's body is another one when it arrives. */
  | { readonly flip: number }
  /** It is passed on when this has been done. */
  | { readonly meanwhile: () => Promise<void> };

const passOn: Fault = { meanwhile: () => Promise.resolve() };

export interface Rule {
  readonly method?: string;
  /** Looked for in path and query. */
  readonly path?: RegExp;
  /** So many matching requests pass first. */
  readonly skip?: number;
  /** So many are hit then; default: all. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface Injected {
  /** How many requests it has hit. */
  readonly hits: number;
}

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** The client's: one a connection. */
  readonly port: number | undefined;
}

export interface FaultProxy {
  /** `http://127.0.0.1:port` */
  readonly address: string;
  /** Every request since the start or the last `heal`, in order of arrival. */
  readonly requests: readonly SeenRequest[];
  /** Adds a rule; of several that match a request the first counts. */
  inject(rule: Rule): Injected;
  /** Forgets rules and requests. */
  heal(): void;
  close(): Promise<void>;
}

interface ActiveRule {
  readonly rule: Rule;
  matched: number;
  hits: number;
}

/** A proxy on loopback before an HTTP server, which breaks what it is told to. `target` is `http://host:port`. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const rules: ActiveRule[] = [];
  const requests: SeenRequest[] = [];

  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, path: url, headers, port: request.socket.remotePort });
    const fault = rules.find((active) => hits(active, method, url))?.rule.fault ?? passOn;
    // A message that was destroyed knows its socket no more.
    const { socket } = request;
    pass(target, { request, response, socket }, fault).catch(() => {
      // One side is gone: the other must see that too.
      socket.resetAndDestroy();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address() as AddressInfo;

  return {
    address: `http://127.0.0.1:${address.port}`,
    requests,
    inject(rule) {
      const active: ActiveRule = { rule, matched: 0, hits: 0 };
      rules.push(active);
      return active;
    },
    heal() {
      rules.length = 0;
      requests.length = 0;
    },
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

function hits(active: ActiveRule, method: string, path: string): boolean {
  const { rule } = active;
  if (rule.method !== undefined && rule.method !== method) return false;
  if (rule.path !== undefined && !rule.path.test(path)) return false;
  active.matched++;
  const place = active.matched - (rule.skip ?? 0);
  if (place < 1 || place > (rule.times ?? Infinity)) return false;
  active.hits++;
  return true;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

async function pass(target: string, exchange: Exchange, fault: Fault): Promise<void> {
  const { request, response, socket } = exchange;
  if ('answer' in fault) {
    await drain(request);
    response.writeHead(fault.answer, fault.headers).end(fault.body);
    return;
  }
  if ('reset' in fault) {
    await drain(firstBytes(request, fault.after ?? 0));
    socket.resetAndDestroy();
    return;
  }
  if ('meanwhile' in fault) await fault.meanwhile();
  const upstream = await forward(target, request, fault);
  await giveBack(upstream, exchange, fault);
}

function forward(target: string, request: IncomingMessage, fault: Fault): Promise<IncomingMessage> {
  // Host is among the headers and stays as it is: signatures cover it.
  const { method, url: path, headers } = request;
  return new Promise((resolve, reject) => {
    const upstream = sendOn(target, { method, path, headers }, resolve);
    const body = 'flip' in fault ? [request, flipping(fault.flip)] : [request];
    pipeline([...body, upstream]).catch(reject);
    upstream.on('error', reject);
  });
}

async function giveBack(
  upstream: IncomingMessage,
  { response, socket }: Exchange,
  fault: Fault,
): Promise<void> {
  const { statusCode = 502, headers } = upstream;
  if ('lose' in fault) {
    await drain(upstream);
    socket.resetAndDestroy();
  } else if ('truncate' in fault) {
    response.writeHead(statusCode, headers);
    for await (const chunk of firstBytes(upstream, fault.truncate)) response.write(chunk);
    // What was written has to arrive before the connection ends.
    response.write('', () => socket.end());
  } else if ('shorten' in fault) {
    response.writeHead(statusCode, { ...headers, 'content-length': fault.shorten });
    for await (const chunk of firstBytes(upstream, fault.shorten)) response.write(chunk);
    response.end();
  } else {
    response.writeHead(statusCode, headers);
    await ('drip' in fault
      ? pipeline(upstream, (body) => drops(body, fault), response)
      : pipeline(upstream, response));
  }
}

async function drain(body: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of body) chunk.fill(0);
}

async function* firstBytes(body: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer, void> {
  let left = count;
  if (left === 0) return;
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* drops(
  body: AsyncIterable<Buffer>,
  { drip, every }: Extract<Fault, { drip: number }>,
): AsyncGenerator<Buffer, void> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += drip) {
      yield chunk.subarray(at, at + drip);
      await sleep(every);
    }
  }
}

function flipping(place: number): Transform {
  let at = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const here = place - at;
      at += chunk.length;
      const byte = chunk[here];
      if (byte !== undefined) chunk[here] = byte ^ 0xff;
      done(null, chunk);
    },
  });
}
