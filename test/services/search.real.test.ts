import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { startElasticsearch } from '../../services/elasticsearch.ts';
import { findJava } from '../../services/java.ts';
import { startOpenSearch } from '../../services/opensearch.ts';
import { startS3 } from '../../services/s3.ts';
import { canKeepDataIn } from '../../services/search-node.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-test-search-'));
  // The node may run as somebody else than this test.
  await chmod(directory, 0o755);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function ask(url: string, method: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('OpenSearch snapshots into S3, keeps its data over kill -9', async () => {
  const s3 = await startS3({ buckets: ['snapshots'] });
  const options = { s3, dataDir: join(directory, 'opensearch') };
  const before = await startOpenSearch(options);
  const { status, body } = await ask(before.address, 'GET');
  expect([status, body.version]).toEqual([
    200,
    expect.objectContaining({ distribution: 'opensearch', number: '3.3.2' }),
  ]);
  const settings = { bucket: 'snapshots', base_path: 'one' };
  expect(await ask(`${before.address}/_snapshot/s3`, 'PUT', { type: 's3', settings })).toEqual({
    status: 200,
    body: { acknowledged: true },
  });
  await ask(`${before.address}/index/_doc/1?refresh`, 'PUT', { kept: true });
  const taken = await ask(`${before.address}/_snapshot/s3/first?wait_for_completion=true`, 'PUT', {});
  expect(taken.body.snapshot).toMatchObject({ state: 'SUCCESS', indices: ['index'] });
  await before.kill();

  const after = await startOpenSearch({ ...options, port: Number(new URL(before.address).port) });
  expect(after.address).toBe(before.address);
  expect((await ask(`${after.address}/index/_doc/1`, 'GET')).body._source).toEqual({ kept: true });
  await after.stop();
  await s3.stop();
});

test('Elasticsearch snapshots into a directory; with a password, it wants to know who asks', async () => {
  const server = await startElasticsearch({ password: 'open sesame' });
  const { address, repositories } = server;
  const headers = { Authorization: `Basic ${Buffer.from('holdfast:open sesame').toString('base64')}` };
  try {
    expect((await ask(`${address}/_cluster/health`, 'GET')).status).toBe(401);
    const nodes = await ask(
      `${address}/_nodes/_local?filter_path=nodes.*.version`,
      'GET',
      undefined,
      headers,
    );
    expect(JSON.stringify(nodes.body)).toContain('"version":"8.19.0"');
    const repository = { type: 'fs', settings: { location: join(repositories, 'one') } };
    expect(await ask(`${address}/_snapshot/fs`, 'PUT', repository, headers)).toEqual({
      status: 200,
      body: { acknowledged: true },
    });
  } finally {
    await server.stop();
  }
  await expect(fetch(address)).rejects.toThrow('fetch failed');
  await expect(stat(dirname(repositories))).rejects.toThrow('ENOENT');
});

describe('findJava', () => {
  const { JAVA_HOME, PATH } = process.env;
  afterEach(() => {
    if (JAVA_HOME === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = JAVA_HOME;
    process.env.PATH = PATH;
  });

  async function fakeJava(version: number): Promise<string> {
    const home = join(directory, `java-${version}`);
    await mkdir(join(home, 'bin'), { recursive: true });
    const script = `#!/bin/sh\necho '    java.specification.version = ${version}' >&2\n`;
    await writeFile(join(home, 'bin', 'java'), script, { mode: 0o755 });
    return home;
  }

  test('takes the first that fits: JAVA_HOME, then PATH', async () => {
    process.env.JAVA_HOME = await fakeJava(17);
    const onPath = await fakeJava(91);
    process.env.PATH = [join(onPath, 'bin'), PATH].join(delimiter);
    expect(await findJava({ from: 21 })).toBe(onPath);
    expect(await findJava({ from: 11, to: 23 })).toBe(process.env.JAVA_HOME);
  });

  test('says what is missing, what was found, and how to get it', async () => {
    process.env.JAVA_HOME = await fakeJava(17);
    await expect(findJava({ from: 99 })).rejects.toThrow(
      /^A JDK 99 or later is needed to run it\. Found: 17 in \S+java-17.*JAVA_HOME/,
    );
  });
});

test('a folder that the node could not get to is no place for its data', async () => {
  const closed = join(directory, 'closed');
  await mkdir(closed, { mode: 0o700 });
  expect(await canKeepDataIn(join(closed, 'data'))).toBe(process.getuid?.() !== 0);
  expect(await canKeepDataIn(join(directory, 'data'))).toBe(true);
});
