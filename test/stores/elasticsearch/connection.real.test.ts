import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { makeCertificates } from '../../../services/certificates.ts';
import { openConnection } from '../../../stores/elasticsearch/connection.ts';
import type { Connection } from '../../../stores/elasticsearch/connection.ts';
import type { ElasticsearchSettings } from '../../../stores/elasticsearch/settings.ts';
import { settingsFor } from './plain.ts';

const never = new AbortController().signal;
const closing: (() => unknown)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

type Answers = (request: http.IncomingMessage, seen: number) => { status?: number; body?: unknown };

async function serve(
  answer: Answers,
  tls?: https.ServerOptions,
): Promise<{ address: string; headers: http.IncomingHttpHeaders[] }> {
  const headers: http.IncomingHttpHeaders[] = [];
  const listener: http.RequestListener = (request, response) => {
    headers.push(request.headers);
    const { status = 200, body = {} } = answer(request, headers.length);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { address: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, headers };
}

function open(addresses: readonly string[], more: Partial<ElasticsearchSettings> = {}): Connection {
  const connection = openConnection(settingsFor('', { type: 'fs', settings: {} }, { addresses, ...more }));
  closing.push(() => connection.close());
  return connection;
}
const ask = (connection: Connection) => connection.ask({ method: 'GET', path: '/', signal: never });
const failure = (type: string, reason: string, status: number) => ({
  status,
  body: { error: { type, reason, root_cause: [{ type, reason }] }, status },
});

test.each([
  ['nothing', {}, undefined],
  [
    'user and password',
    { auth: { user: 'ana', password: 'pässword' } },
    `Basic ${Buffer.from('ana:pässword').toString('base64')}`,
  ],
  ['an API key', { auth: { apiKey: 'aWQ6a2V5' } }, 'ApiKey aWQ6a2V5'],
])('65: with %s', async (_, more: Partial<ElasticsearchSettings>, authorization) => {
  const server = await serve(() => ({}));
  await ask(open([server.address], more));
  expect(server.headers.map((headers) => headers.authorization)).toEqual([authorization]);
});

test('a busy cluster is asked again; one that refuses is not', async () => {
  const busy = await serve((_, seen) =>
    seen < 3 ? failure('es_rejected_execution_exception', 'queue is full', seen === 1 ? 429 : 503) : {},
  );
  expect((await ask(open([busy.address]))).status).toBe(200);
  expect(busy.headers).toHaveLength(3);

  const closed = await serve(() =>
    failure('security_exception', 'action is unauthorized for user [ana]', 403),
  );
  const secrets = { auth: { user: 'ana', password: 'geheim' } };
  await expect(ask(open([closed.address], secrets))).rejects.toMatchObject({
    code: 'StoreRefused',
    message: expect.stringMatching(/^(?!.*geheim).*unauthorized for user \[ana\]/),
  });
  expect(closed.headers).toHaveLength(1);
});

test('the innermost cause is told', async () => {
  const body = {
    error: {
      type: 'repository_verification_exception',
      reason: '[repo] path is not accessible',
      root_cause: [],
      caused_by: {
        type: 'i_o_exception',
        reason: 'Unable to upload',
        caused_by: { type: 'amazon_s3', reason: 'Access Denied' },
      },
    },
  };
  const server = await serve(() => ({ status: 500, body }));
  await expect(ask(open([server.address]))).rejects.toMatchObject({
    code: 'RepositoryUnusable',
    message: expect.stringMatching(/not accessible; Unable to upload; Access Denied$/),
  });
});

test('65: a node that is down or not well is passed over; the one that served is asked first', async () => {
  const unwell = await serve(() => failure('cluster_block_exception', 'no master', 503));
  const well = await serve(() => ({}));
  const connection = open(['http://127.0.0.1:1', unwell.address, well.address]);
  expect((await ask(connection)).address).toBe(well.address);
  await ask(connection);
  expect([unwell.headers.length, well.headers.length]).toEqual([1, 2]);
});

test('a page of a proxy is no answer', async () => {
  const server = await serve(() => ({ body: 'Welcome!' }));
  const connection = open([server.address]);
  const read = connection.read(z.object({ nodes: z.unknown() }), {
    method: 'GET',
    path: '/_nodes',
    signal: never,
  });
  await expect(read).rejects.toMatchObject({
    code: 'StoreUnavailable',
    message: expect.stringContaining('Welcome!'),
  });
});

test('65: TLS: with the CA it is reached, without it the certificate is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-tls-'));
  try {
    const files = await makeCertificates(folder, []);
    const tls = { cert: await readFile(files.serverCert), key: await readFile(files.serverKey) };
    const server = await serve(() => ({}), tls);
    expect((await ask(open([server.address], { tls: { ca: files.ca } }))).status).toBe(200);
    await expect(ask(open([server.address]))).rejects.toMatchObject({
      code: 'StoreRefused',
      message: expect.stringContaining('No secure connection'),
    });
    expect(() => open([server.address], { tls: { ca: '/nowhere/ca.pem' } })).toThrow(
      expect.objectContaining({ code: 'ConfigInvalid' }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
