import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Send so many bytes of the body, then close the connection. */
  readonly breakAfter?: number;
  /** Close the connection at once. */
  readonly hangUp?: boolean;
  /** Never answer. */
  readonly silent?: boolean;
}

export interface FakeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeConsul {
  readonly address: string;
  readonly requests: readonly FakeRequest[];
  /** Bytes that the connections have taken. */
  sent(): number;
  close(): Promise<void>;
}

/** A server that misbehaves as told; what it is not told about (ACLs, agent) it answers as a Consul without ACLs. */
export async function startFakeConsul(answer: (request: FakeRequest) => FakeAnswer): Promise<FakeConsul> {
  const requests: FakeRequest[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (text: string) => (body += text));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body,
      };
      requests.push(request);
      reply(outgoing, ordinary(request) ?? answer(request));
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    requests,
    sent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function ordinary({ url }: FakeRequest): FakeAnswer | undefined {
  if (url.startsWith('/v1/acl/token/self')) return { status: 401, body: 'ACL support disabled' };
  if (url.startsWith('/v1/agent/self')) return { status: 403, body: 'Permission denied' };
  return undefined;
}

function reply(outgoing: http.ServerResponse, answer: FakeAnswer): void {
  const { status = 200, headers, body = '', breakAfter } = answer;
  if (answer.silent === true) return;
  if (answer.hangUp === true) {
    outgoing.destroy();
    return;
  }
  const type = status === 200 || status === 409 ? 'application/json' : 'text/plain; charset=utf-8';
  outgoing.writeHead(status, { 'Content-Type': type, 'X-Consul-Index': '42', ...headers });
  if (breakAfter === undefined) {
    outgoing.end(body);
    return;
  }
  outgoing.flushHeaders();
  outgoing.write(Buffer.from(body).subarray(0, breakAfter), () => outgoing.destroy());
}
