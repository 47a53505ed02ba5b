import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { makeCertificates } from '../../services/certificates.ts';
import type { S3Server } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { S3Settings } from '../../storage/settings.ts';
import { body, digest, MiB, noise, noiseBuffer, read, store } from './bytes.ts';
import type { SeenRequest } from './fault-proxy.ts';
import { hurried, openFaulty, settingsFor, startS3Server, type Faulty } from './s3-server.ts';

let server: S3Server;
let folder: string;
beforeAll(async () => {
  server = await startS3Server();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-s3-settings-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await server.stop();
});

describe('requests', () => {
  let faulty: Faulty;
  afterEach(() => faulty.close());

  async function requestsOf(more: Partial<S3Settings>, size: number): Promise<readonly SeenRequest[]> {
    faulty = await openFaulty(server, more);
    await store(faulty.storage, 'data', noise(size));
    return faulty.proxy.requests;
  }

  test.each([1000, 9 * MiB])('of %d bytes carry storage class and encryption', async (size) => {
    faulty = await openFaulty(server, {
      storageClass: 'STANDARD_IA',
      sse: { type: 'aws:kms', keyId: 'a-key' },
    });
    // This server knows neither, so an answer that refuses ends it here.
    faulty.proxy.inject({ fault: { answer: 403 } });
    await expect(store(faulty.storage, 'data', noise(size))).rejects.toThrow('403');
    expect(faulty.proxy.requests.map(({ headers }) => headers)).toEqual([
      expect.objectContaining({
        'x-amz-storage-class': 'STANDARD_IA',
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'a-key',
      }),
    ]);
  });

  test('over HTTP sign the very checksum that the server checks', async () => {
    const requests = await requestsOf({}, 1000);
    const sum = createHash('sha256').update(noiseBuffer(1000));
    const [put] = requests;
    expect(put?.headers['x-amz-checksum-sha256']).toBe(sum.copy().digest('base64'));
    expect(put?.headers['x-amz-content-sha256']).toBe(sum.digest('hex'));
  });

  test('without checksums sign the body all the same, and delete by Content-MD5', async () => {
    const requests = await requestsOf({ checksums: 'when-required' }, 1000);
    await faulty.storage.remove(['data']);
    const [put, remove] = requests;
    const sum = createHash('sha256').update(noiseBuffer(1000)).digest('hex');
    expect(put?.headers['x-amz-content-sha256']).toBe(sum);
    expect(remove?.headers['content-md5']).toMatch(/==$/);
    const names = requests.flatMap(({ headers }) => Object.keys(headers));
    expect(names.filter((name) => /checksum/.test(name))).toEqual([]);
  });

  test('of an upload use a handful of connections, again and again', async () => {
    const requests = await requestsOf({ concurrency: 2 }, 60 * MiB);
    expect(requests).toHaveLength(1 + 8 + 1);
    expect(requests.every(({ headers }) => headers.expect === undefined)).toBe(true);
    expect(new Set(requests.map(({ port }) => port)).size).toBeLessThanOrEqual(3);
  });
});

describe('credentials', () => {
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_CONFIG_FILE'] as const;
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  afterEach(() => {
    for (const name of names) {
      const value = before[name];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });
  const withoutCredentials = (more: Partial<S3Settings> = {}) => {
    const { credentials, ...settings } = settingsFor(server, more);
    expect(credentials).toBeDefined();
    return openS3(settings, hurried);
  };

  test('come from the environment', async () => {
    process.env.AWS_ACCESS_KEY_ID = server.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = server.secretAccessKey;
    const storage = withoutCredentials();
    expect(await storage.putOnce('data', Buffer.of(1))).toBe(true);
    await storage.close();
  });

  test('of a profile that expire are fetched again', async () => {
    const counter = join(folder, 'calls');
    const script = join(folder, 'credentials.mjs');
    // Good for a minute: the SDK renews what has less than five left.
    await writeFile(
      script,
      `import { appendFileSync } from 'node:fs';
       appendFileSync(${JSON.stringify(counter)}, '.');
       console.log(JSON.stringify({
         Version: 1,
         AccessKeyId: ${JSON.stringify(server.accessKeyId)},
         SecretAccessKey: ${JSON.stringify(server.secretAccessKey)},
         Expiration: new Date(Date.now() + 60_000).toISOString(),
       }));`,
    );
    process.env.AWS_CONFIG_FILE = join(folder, 'config');
    await writeFile(
      process.env.AWS_CONFIG_FILE,
      `[profile expiring]\ncredential_process = "${process.execPath}" "${script}"\n`,
    );
    const storage = withoutCredentials({ profile: 'expiring' });
    await storage.putOnce('data', Buffer.of(1));
    const first = (await readFile(counter)).length;
    // It renews them in the background while the old ones are good; that it never does ends this by its time limit.
    while ((await readFile(counter)).length === first) await storage.head('data');
    await storage.close();
  });

  test('that are wrong are told from a bucket that is missing', async () => {
    const { accessKeyId } = server;
    const wrongSecret = openS3(
      settingsFor(server, { credentials: { accessKeyId, secretAccessKey: 'wrong' } }),
      hurried,
    );
    await expect(wrongSecret.putOnce('data', Buffer.of(1))).rejects.toMatchObject({ code: 'StorageDenied' });
    const noBucket = openS3(settingsFor(server, { bucket: 'no-such-bucket' }), hurried);
    await expect(noBucket.putOnce('data', Buffer.of(1))).rejects.toMatchObject({
      code: 'StorageMisconfigured',
      details: { s3Code: 'NoSuchBucket' },
    });
    await wrongSecret.close();
    await noBucket.close();
  });
});

test('over TLS, the body goes unsigned with its CRC-32, and comes back', async () => {
  const certificates = await makeCertificates(folder, []);
  const trusted = getCACertificates();
  const [ca, cert, key] = await Promise.all(
    [certificates.ca, certificates.serverCert, certificates.serverKey].map((path) => readFile(path, 'utf8')),
  );
  const { hostname, port } = new URL(server.address);
  const seen: string[] = [];
  const tls = createServer({ cert, key }, (socket) => {
    const upstream = connect(Number(port), hostname);
    socket.on('data', (chunk: Buffer) => seen.push(chunk.toString('latin1')));
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((listening) => tls.listen(0, '127.0.0.1', listening));
  const endpoint = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;

  const untrusting = openS3(settingsFor(server, { endpoint }), hurried);
  const refused = expect(untrusting.head('data')).rejects;
  await refused.toMatchObject({ code: 'StorageMisconfigured' });
  await untrusting.close();

  setDefaultCACertificates([...trusted, ca ?? '']);
  try {
    const storage = openS3(settingsFor(server, { endpoint }), hurried);
    const { signal } = new AbortController();
    for (const size of [1000, 20 * MiB]) {
      seen.length = 0;
      await storage.put('data', body(noise(size)), { signal });
      expect(await digest(storage.get('data'))).toEqual(await digest(noise(size)));
      const text = seen.join('').toLowerCase();
      expect(text).toContain('x-amz-content-sha256: unsigned-payload');
      expect(text).toContain('x-amz-checksum-crc32: ');
    }
    expect(await read(storage.get('data', { start: 5, end: 10 }))).toHaveLength(5);
    await storage.close();
  } finally {
    setDefaultCACertificates(trusted);
    tls.close();
  }
});
