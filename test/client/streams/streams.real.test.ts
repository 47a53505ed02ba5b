import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { startS3, type S3Server } from '../../../services/s3.ts';
import { openObjects } from '../../../storage/s3/objects.ts';
import { body, MiB, noise } from '../../storage/bytes.ts';
import { startFaultProxy, type FaultProxy } from '../../storage/fault-proxy.ts';
import { hurried } from '../../storage/s3-server.ts';
import { parseObjectAddress } from '../../../client/object-address.ts';
import { Interrupted } from '../../../client/io.ts';
import { holdfast, type FakeOptions } from '../fake-io.ts';

const main = fileURLToPath(new URL('../../../client/main.ts', import.meta.url));
const run = promisify(execFile);
const buckets = ['streams', 'streams.of-dots'] as const;

let folder: string;
let server: S3Server;
let proxy: FaultProxy;
let client: S3Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-streams-'));
  server = await startS3({ buckets });
  proxy = await startFaultProxy(server.address);
  const { accessKeyId, secretAccessKey, region, address: endpoint } = server;
  process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
  client = new S3Client({ endpoint, region, forcePathStyle: true });
});
afterAll(async () => {
  client.destroy();
  await proxy.close();
  await server.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => proxy.heal());

/** The address of an object, through the proxy. */
function address(key: string, bucket: (typeof buckets)[number] = 'streams'): string {
  return `s3://${bucket}/${key}?endpoint=${proxy.address}&region=us-east-1&path_style=true`;
}

const from = (...chunks: readonly Buffer[]): FakeOptions => ({ stdin: Readable.from(chunks) });
const exists = (key: string) =>
  client.send(new HeadObjectCommand({ Bucket: 'streams', Key: key })).then(
    () => true,
    () => false,
  );
async function uploads(): Promise<number> {
  return (await client.send(new ListMultipartUploadsCommand({ Bucket: 'streams' }))).Uploads?.length ?? 0;
}
/** In Jest, `process.env` is a copy, which processes do not inherit. */
const childEnv = () => ({ ...process.env });
const lastPart = /partNumber=3/;

test('57: tar c | holdfast put, and holdfast get | tar x', async () => {
  await mkdir(join(folder, 'tree/deep'), { recursive: true });
  await writeFile(join(folder, 'tree/deep/noise'), randomBytes(20 * MiB));
  await writeFile(join(folder, 'tree/größe'), 'text');
  await mkdir(join(folder, 'back'));
  const holdfastIn = `"${process.execPath}" --no-warnings "${main}"`;
  const script =
    `set -e -o pipefail; tar c tree | ${holdfastIn} put "$0" >&2; ${holdfastIn} get "$0" | tar x -C back; ` +
    'diff -r tree back/tree && echo equal';
  const { stdout, stderr } = await run('bash', ['-c', script, address('a tree+1.tar')], {
    cwd: folder,
    env: childEnv(),
  });
  expect(stdout).toBe('equal\n');
  expect(stderr).toMatch(
    /^s3:\/\/streams\/a tree\+1\.tar: 21 MB, SHA-256 [0-9a-f]{64}, read back and compared\.$/m,
  );
});

describe('54: large objects', () => {
  test('1 GiB and back stay within 256 MB of memory', async () => {
    // Past the proxy, which would take the time of this process.
    const key = address('large').replace(proxy.address, server.address);
    const put = spawn(process.execPath, ['--no-warnings', main, 'put', key], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: childEnv(),
    });
    const hash = createHash('md5');
    const peak = watchMemory(put.pid ?? 0);
    const source = Readable.from(
      (async function* () {
        for await (const chunk of body(noise(1024 * MiB))) {
          hash.update(chunk);
          yield chunk;
        }
      })(),
    );
    source.pipe(put.stdin);
    expect((await once(put, 'close'))[0]).toBe(0);
    expect(peak.stop()).toBeLessThan(256);

    const get = spawn(process.execPath, ['--no-warnings', main, 'get', key], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: childEnv(),
    });
    const read = watchMemory(get.pid ?? 0);
    const back = createHash('md5');
    for await (const chunk of get.stdout) back.update(chunk as Buffer);
    if (get.exitCode === null) await once(get, 'close');
    expect(get.exitCode).toBe(0);
    expect(back.digest('hex')).toBe(hash.digest('hex'));
    expect(read.stop()).toBeLessThan(256);
  });

  test('part size and requests at once are as said', async () => {
    const sent = await holdfast(
      ['put', '-s', '6MiB', '-c', '2', address('parts')],
      from(randomBytes(20 * MiB)),
    );
    expect(sent).toMatchObject({ exit: 0 });
    const parts = proxy.requests.filter(
      ({ method, path }) => method === 'PUT' && path.includes('partNumber'),
    );
    expect(parts.map(({ headers }) => Number(headers['content-length'])).toSorted((a, b) => b - a)).toEqual(
      [6, 6, 6, 2].map((size) => size * MiB),
    );
    expect(new Set(parts.map(({ port }) => port)).size).toBeLessThanOrEqual(2);
  });
});

/** The highest VmHWM of a process in MB: Linux keeps it by itself, it has only to be looked at before the end. */
function watchMemory(pid: number) {
  let peak = 0;
  const look = async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1.024e-3);
  };
  const timer = setInterval(() => void look(), 50);
  return {
    stop() {
      clearInterval(timer);
      expect(peak).toBeGreaterThan(0);
      return peak;
    },
  };
}

test('58: headers and metadata are on the object', async () => {
  const headers = ['-m', 'x-amz-meta-a:b', '-m', 'Content-Type:text/x-test', '-m', 'Cache-Control:no-store'];
  for (const size of [10, 9 * MiB]) {
    expect(
      await holdfast(['put', ...headers, address(`headers ${size}`)], from(randomBytes(size))),
    ).toMatchObject({
      exit: 0,
    });
    const head = await client.send(new HeadObjectCommand({ Bucket: 'streams', Key: `headers ${size}` }));
    expect(head).toMatchObject({
      ...{ ContentType: 'text/x-test', CacheControl: 'no-store', ContentLength: size },
      Metadata: { a: 'b' },
    });
  }
  expect(
    await holdfast(
      ['put', '-m', 'x-amz-server-side-encryption:AES256', address('sse')],
      from(randomBytes(9)),
    ),
  ).toMatchObject({
    exit: 0,
  });
  const asked = proxy.requests.find(
    ({ method, path }) => method === 'PUT' && path.startsWith('/streams/sse'),
  );
  expect(asked?.headers['x-amz-server-side-encryption']).toBe('AES256');
});

describe('56: every request is made again', () => {
  const content = randomBytes(20 * MiB);

  test('503 SlowDown on part 3, twice; 200 with an error in its body: the upload succeeds', async () => {
    const slowDown = { answer: 503, body: '<Error><Code>SlowDown</Code></Error>' };
    const slowed = proxy.inject({ method: 'PUT', path: lastPart, times: 2, fault: slowDown });
    const error = { answer: 200, body: '<Error><Code>InternalError</Code><Message>x</Message></Error>' };
    const failed = proxy.inject({ method: 'POST', path: /uploadId/, times: 1, fault: error });
    const { exit, text: said } = await holdfast(['put', '--json', address('again')], from(content));
    expect({ exit, slowed: slowed.hits, failed: failed.hits }).toEqual({ exit: 0, slowed: 2, failed: 1 });
    expect(JSON.parse(said)).toEqual({
      address: 's3://streams/again',
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  });

  test('--retries says how often', async () => {
    const slowDown = { answer: 503, body: '<Error><Code>SlowDown</Code></Error>' };
    const slowed = proxy.inject({ method: 'PUT', path: lastPart, fault: slowDown });
    const { exit } = await holdfast(['put', '--retries', '1', address('once more')], from(content));
    expect({ exit, asked: slowed.hits, there: await exists('once more') }).toEqual({
      ...{ exit: 1, asked: 2, there: false },
    });
    proxy.heal();
    expect(await holdfast(['put', address('back')], from(content))).toMatchObject({ exit: 0 });
    const away = proxy.inject({ method: 'GET', path: /back/, fault: slowDown });
    expect(await holdfast(['get', '--retries', '0', '-c', '1', address('back')])).toMatchObject({ exit: 1 });
    expect(away.hits).toBe(1);
  });

  test('a permanent 503, and a refusal, leave no object and no upload; exit code 1', async () => {
    proxy.inject({
      method: 'PUT',
      path: lastPart,
      fault: { answer: 403, body: '<Error><Code>AccessDenied</Code></Error>' },
    });
    const { exit, stderr } = await holdfast(['put', address('denied')], from(content));
    expect({ exit, there: await exists('denied'), uploads: await uploads() }).toEqual({
      ...{ exit: 1, there: false, uploads: 0 },
    });
    expect(stderr).toContain('PUT of part 3 of s3://streams/denied');

    proxy.heal();
    proxy.inject({
      method: 'PUT',
      path: lastPart,
      fault: { answer: 503, body: '<Error><Code>SlowDown</Code></Error>' },
    });
    const { s3, key } = parseObjectAddress(address('slow'));
    const objects = openObjects(s3, {}, hurried);
    const { signal } = new AbortController();
    await expect(objects.put(key, Readable.from([content]), { signal })).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
    objects.close();
    expect([await exists('slow'), await uploads()]).toEqual([false, 0]);
  });

  test('a connection that breaks in the middle of a get is taken up where it broke', async () => {
    expect(await holdfast(['put', address('broken')], from(content))).toMatchObject({ exit: 0 });
    const broken = proxy.inject({ method: 'GET', times: 2, fault: { truncate: 100_000 } });
    const { exit, stdout } = await holdfast(['get', address('broken')]);
    expect({ exit, hits: broken.hits, equal: stdout.equals(content) }).toEqual({
      exit: 0,
      hits: 2,
      equal: true,
    });
  });
});

describe('what is not whole is not stored', () => {
  test('a command that fails after it has written', async () => {
    for (const size of [100, 10 * MiB]) {
      const script = `head -c ${size} /dev/zero; exit 3`;
      const { exit, stderr } = await holdfast(['put', address('part'), '--', 'sh', '-c', script]);
      expect(exit).toBe(1);
      expect(stderr).toContain('sh ended with exit code 3, so what it wrote may be a part.');
      expect([await exists('part'), await uploads()]).toEqual([false, 0]);
    }
    const killed = await holdfast(['put', address('part'), '--', 'sh', '-c', 'echo x; kill -9 $$']);
    expect(killed.stderr).toContain('sh ended by SIGKILL');
    expect(await holdfast(['put', address('part'), '--', join(folder, 'gone')])).toMatchObject({ exit: 2 });
    expect(await exists('part')).toBe(false);
  });

  test('a command that succeeds is stored', async () => {
    expect(
      await holdfast(['put', address('made'), '--', 'printf', '%s', '-m']).then(({ exit }) => exit),
    ).toBe(0);
    expect((await holdfast(['get', address('made')])).text).toBe('-m');
  });

  test('a stdin that breaks', async () => {
    const stdin = new PassThrough();
    stdin.write(randomBytes(10 * MiB), () => stdin.destroy(new Error('read EIO')));
    const { exit, stderr } = await holdfast(['put', address('eio')], { stdin });
    expect({ exit, there: await exists('eio'), uploads: await uploads() }).toEqual({
      ...{ exit: 1, there: false, uploads: 0 },
    });
    expect(stderr).toContain('read EIO');
  });

  test('an interruption', async () => {
    const stdin = new PassThrough();
    const interruption = new AbortController();
    stdin.write(randomBytes(20 * MiB));
    const ended = holdfast(['put', address('interrupted')], { stdin, signal: interruption.signal });
    while (!proxy.requests.some(({ path }) => path.includes('partNumber'))) await new Promise(setImmediate);
    interruption.abort(new Interrupted(143));
    expect(await ended).toMatchObject({ exit: 143 });
    expect([await exists('interrupted'), await uploads()]).toEqual([false, 0]);
  });

  test('nothing at all, unless that is meant', async () => {
    const nothing = await holdfast(['put', address('empty')], from());
    expect(nothing).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('say --allow-empty') as unknown,
    });
    expect(await exists('empty')).toBe(false);
    expect(await holdfast(['put', '--allow-empty', address('empty')], from())).toMatchObject({ exit: 0 });
    expect(await holdfast(['get', address('empty')])).toMatchObject({ exit: 0, text: '' });
  });

  test('a terminal, and words that are no address', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    expect(await holdfast(['put', address('x')], { stdin })).toMatchObject({ exit: 2 });
    const { exit, stderr } = await holdfast(['put', address('x'), 'file']);
    expect({ exit, stderr }).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('file: a command stands after --') as unknown,
    });
  });

  test('what reads back differently is told of', async () => {
    const other = async () => {
      await client.send(new PutObjectCommand({ Bucket: 'streams', Key: 'swapped', Body: 'other' }));
    };
    proxy.inject({ method: 'GET', times: 1, fault: { meanwhile: other } });
    const { exit, stderr } = await holdfast(['put', address('swapped')], from(Buffer.from('mine')));
    expect(exit).toBe(3);
    expect(stderr).toMatch(/s3:\/\/streams\/swapped reads back as 5 bytes with the SHA-256/);
  });
});

describe('holdfast get', () => {
  test('ends quietly with 141 when its reader goes away', async () => {
    expect(await holdfast(['put', address('pipe')], from(randomBytes(30 * MiB)))).toMatchObject({ exit: 0 });
    const child = spawn(process.execPath, ['--no-warnings', main, 'get', address('pipe')], {
      env: childEnv(),
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const stderr = await text(child.stderr);
    if (child.exitCode === null) await once(child, 'close');
    expect({ code: child.exitCode, stderr }).toEqual({ code: 141, stderr: '' });
  });

  test('an object that is not there is exit code 3, and nothing is written', async () => {
    expect(await holdfast(['get', address('nowhere')])).toMatchObject({ exit: 3, text: '' });
  });

  describe('55: the MD5 that gof3r keeps', () => {
    const content = randomBytes(9 * MiB);
    const md5 = createHash('md5').update(content).digest('hex');

    /** As gof3r 0.5 stores it: the object, and its MD5 beside. */
    async function storeAsGof3r(
      bucket: string,
      key: string,
      sum: string,
      place = `.md5/${key}.md5`,
    ): Promise<void> {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: place, Body: sum }));
    }

    test.each([
      ['streams', 'old/one', '.md5/old/one.md5'],
      ['streams.of-dots', 'old/two', '.md5/streams.of-dots/old/two.md5'],
      ['streams.of-dots', 'old/three', '.md5/old/three.md5'],
    ] as const)('is checked: in %s, of %s, in %s', async (bucket, key, place) => {
      await storeAsGof3r(bucket, key, md5, place);
      const good = await holdfast(['get', address(key, bucket)]);
      expect({ exit: good.exit, equal: good.stdout.equals(content) }).toEqual({ exit: 0, equal: true });
      const wrong = md5.replace(/./, (digit) => (digit === '0' ? '1' : '0'));
      await storeAsGof3r(bucket, key, wrong, place);
      const { exit, stderr } = await holdfast(['get', address(key, bucket)]);
      expect(exit).toBe(3);
      expect(stderr).toContain(`s3://${bucket}/${key} has the MD5 ${md5}, and should have ${wrong}`);
      expect(stderr).toContain(`s3://${bucket}/${place}`);
    });

    test('that is none is refused, before anything is written', async () => {
      await storeAsGof3r('streams', 'odd', 'no md5');
      expect(await holdfast(['get', address('odd')])).toMatchObject({ exit: 3, text: '' });
    });

    test('of an object that Holdfast has replaced since is not taken for its own', async () => {
      await storeAsGof3r('streams', 'replaced', md5);
      expect(await holdfast(['put', address('replaced')], from(Buffer.from('new')))).toMatchObject({
        exit: 0,
      });
      expect(await holdfast(['get', address('replaced')])).toMatchObject({ exit: 0, text: 'new' });
    });
  });
});
