import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startS3, type S3Server } from '../../services/s3.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-test-servers-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function withS3<T>(server: S3Server, use: (client: S3Client) => Promise<T>): Promise<T> {
  const { region, accessKeyId, secretAccessKey } = server;
  const client = new S3Client({
    endpoint: server.address,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

test('S3 has its buckets, and keeps objects with their metadata over a restart', async () => {
  const options = { buckets: ['one', 'two'], dataDir: join(directory, 's3') };
  const before = await startS3(options);
  const object = { Bucket: 'one', Key: 'a/b' };
  await withS3(before, async (client) => {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name)).toEqual(['one', 'two']);
    await client.send(new PutObjectCommand({ ...object, Body: 'body', Metadata: { tag: 'kept' } }));
  });
  await before.kill();

  const after = await startS3({ ...options, port: Number(new URL(before.address).port) });
  expect(after.address).toBe(before.address);
  await withS3(after, async (client) => {
    const got = await client.send(new GetObjectCommand(object));
    expect([await got.Body?.transformToString(), got.Metadata]).toEqual(['body', { tag: 'kept' }]);
    // Written once: what the catalog of backups stands on.
    const again = client.send(new PutObjectCommand({ ...object, Body: 'other', IfNoneMatch: '*' }));
    await expect(again).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });
  await after.stop();
});

test('S3 refuses other credentials', async () => {
  const server = await startS3();
  try {
    await expect(
      withS3({ ...server, secretAccessKey: 'wrong' }, (client) => client.send(new ListBucketsCommand({}))),
    ).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  } finally {
    await server.stop();
  }
});

test('Temporal keeps runs in its file over a restart, and serves its UI', async () => {
  const options = { ui: true, dbFile: join(directory, 'temporal.db'), namespace: 'holdfast-test' };
  const before = await startTemporal(options);
  await withTemporal(before, async (client) => {
    await client.workflow.start('any', { taskQueue: 'nobody', workflowId: 'kept' });
  });
  expect((await fetch(before.uiAddress ?? '')).status).toBe(200);
  await before.stop();

  const after = await startTemporal({ ...options, port: Number(before.address.split(':')[1]) });
  expect(after.address).toBe(before.address);
  await withTemporal(after, async (client) => {
    const { status } = await client.workflow.getHandle('kept').describe();
    expect(status.name).toBe('RUNNING');
  });
  await after.stop();
});

async function withTemporal(server: TemporalServer, use: (client: Client) => Promise<void>): Promise<void> {
  const connection = await Connection.connect({ address: server.address });
  try {
    await use(new Client({ connection, namespace: server.namespace }));
  } finally {
    await connection.close();
  }
}
