import { CreateBucketCommand, HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './cache/command.ts';
import { findOrBuild } from './cache/find.ts';
import { buildGoProgram } from './cache/go.ts';
import type { Tool } from './cache/tool.ts';
import { freePorts } from './ports.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

/** An S3 server over a directory. */
export const versitygw: Tool = {
  name: 'versitygw',
  version: '1.8.0',
  program: 'versitygw',
  shows: { arguments: ['--version'], pattern: /^Version *: v?1\.8\.0$/m },
  minutes: 3,
  build: (folder, progress) =>
    buildGoProgram(
      {
        package: 'github.com/versity/versitygw/cmd/versitygw',
        version: 'v1.8.0',
        file: 'versitygw',
        variables: { 'main.Version': 'v1.8.0' },
      },
      folder,
      progress,
    ),
};

export interface S3Options {
  /** Made at the start, where they are missing. */
  readonly buckets?: readonly string[];
  /** Kept when the server stops. Default: a temporary one, removed then. */
  readonly dataDir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Further accounts. They may do nothing but what the policies of buckets allow them. */
  readonly accounts?: readonly S3Account[];
}

export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Server extends RunningServer, S3Account {
  readonly region: string;
}

/** Nothing real is behind them: the server listens on loopback only. */
const credentials = { accessKeyId: 'holdfast-development', secretAccessKey: 'holdfast-development-secret' };
const region = 'us-east-1';

/** Starts versitygw; its `address` is the endpoint for an S3 client, with path style. */
export async function startS3(options: S3Options = {}): Promise<S3Server> {
  const program = await findOrBuild(versitygw);
  return retryOnTakenPort(() => start(program, options));
}

async function start(program: string, options: S3Options): Promise<S3Server> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'holdfast-s3-')));
  const objects = await folderIn(dataDir, 'objects');
  const metadata = await folderIn(dataDir, 'metadata');

  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const address = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: 'S3 (versitygw)',
    address,
    command: [
      ...[program, '--port', `127.0.0.1:${port}`, '--region', region, '--quiet', '--keep-alive'],
      ...(options.accounts ? ['--iam-dir', await folderIn(dataDir, 'accounts')] : []),
      // Metadata in files: not every file system has extended attributes.
      ...['posix', '--sidecar', metadata, objects],
    ],
    env: {
      ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
      ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    ready: () => bucketsExist(address, options.buckets ?? []),
    ...(options.dataDir ? {} : { cleanUp: () => rm(dataDir, { recursive: true, force: true }) }),
  });
  try {
    for (const account of options.accounts ?? []) await makeAccount(program, address, account);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...server, region, ...credentials };
}

async function folderIn(dataDir: string, name: string): Promise<string> {
  const folder = join(dataDir, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

async function makeAccount(program: string, address: string, account: S3Account): Promise<void> {
  const words = ['--access', account.accessKeyId, '--secret', account.secretAccessKey, '--role', 'user'];
  await run([program, 'admin', '--endpoint-url', address, 'create-user', ...words], {
    cwd: '/',
    env: {
      ADMIN_ACCESS_KEY_ID: credentials.accessKeyId,
      ADMIN_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
}

async function bucketsExist(endpoint: string, buckets: readonly string[]): Promise<void> {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { ...credentials },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    const there = new Set(Buckets.map(({ Name }) => Name));
    for (const bucket of buckets.filter((name) => !there.has(name))) {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
    }
  } finally {
    client.destroy();
  }
}
