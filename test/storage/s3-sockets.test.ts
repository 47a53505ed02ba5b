import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { readInPlace } from '../../storage/s3/sockets.ts';

const sent = randomBytes(3 << 20);
const answer: http.RequestListener = ({ url }, response) => {
  if (url === '/whole') return response.end(sent);
  response.writeHead(200, { 'Content-Length': sent.length });
  return response.write(sent.subarray(0, 100_000), () => response.destroy());
};

/** TLS by a key that both sides know: no certificate is needed. */
const secret = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  maxVersion: 'TLSv1.2',
  checkServerIdentity: () => undefined,
} as const;
const psk = Buffer.alloc(16, 7);

describe.each(['http', 'https'] as const)('of %s', (protocol) => {
  const server =
    protocol === 'http'
      ? http.createServer(answer)
      : https.createServer({ ...secret, pskCallback: () => psk }, answer);
  const agent =
    protocol === 'http'
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({
          keepAlive: true,
          ...secret,
          pskCallback: () => ({ psk, identity: 'test' }),
        });
  readInPlace(agent);
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    agent.destroy();
    server.close();
  });

  function ask(path = '/whole'): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const options = { host: '127.0.0.1', port, agent, path };
    const request = protocol === 'http' ? http.request(options) : https.request(options);
    request.on('response', resolve).on('error', reject).end();
    return promise;
  }

  test('all that a socket brings comes in the same memory, and the pieces of an answer keep theirs', async () => {
    const memories = new Set<ArrayBufferLike>();
    const pieces: Buffer[] = [];
    const ports = new Set<number | undefined>();
    for (let round = 0; round < 2; round++) {
      const message = await ask();
      ports.add(message.socket.localPort);
      message.socket.on('data', ({ buffer }: Buffer) => memories.add(buffer));
      for await (const piece of message) pieces.push(piece as Buffer);
    }
    expect(ports.size).toBe(1);
    expect(memories.size).toBe(1);
    expect(pieces.length).toBeGreaterThan(2);
    expect(Buffer.concat(pieces).equals(Buffer.concat([sent, sent]))).toBe(true);
  });

  test('a socket is not read faster than its answer', async () => {
    const message = await ask();
    let came = 0;
    message.socket.on('data', ({ length }: Buffer) => (came += length));
    message.pause();
    // Nothing new has come for a while: the rest waits at the server.
    for (let before = -1; came > before || came === 0;) {
      before = came;
      await new Promise((turn) => setTimeout(turn, 50));
    }
    expect(came).toBeLessThan(sent.length);
    const pieces: Buffer[] = [];
    for await (const piece of message) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
  });

  test('what breaks off is told', async () => {
    const message = await ask('/half');
    await expect(message.toArray()).rejects.toThrow('aborted');
  });
});
