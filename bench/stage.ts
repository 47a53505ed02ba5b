import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { findOrBuild } from '../services/cache/find.ts';
import { consul } from '../services/consul.ts';
import { freePorts } from '../services/ports.ts';
import { s5cmd } from '../services/s5cmd.ts';
import { startS3, type S3Server } from '../services/s3.ts';
import { startTemporal } from '../services/temporal.ts';

/** What stays the same through all cases. */
export interface Stage {
  readonly client: Client;
  readonly s3: S3Server;
  readonly bucket: string;
  /** Where the store that is restored into will listen. */
  readonly targetPort: number;
  /** Paths of the peers' programs. */
  readonly programs: { readonly consul: string; readonly s5cmd: string };
  /** For the worker and for the peers. */
  readonly env: Readonly<Record<string, string>>;
  /** A new directory, removed at the end at the latest. */
  directory(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

const bucket = 'bench';

export async function createStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const programs = { consul: await findOrBuild(consul), s5cmd: await findOrBuild(s5cmd) };
  const root = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const temporal = await startTemporal();
  stack.defer(() => temporal.stop());
  const s3 = await startS3({ buckets: [bucket], dataDir: join(root, 's3') });
  stack.defer(() => s3.stop());
  const connection = await Connection.connect({ address: temporal.address });
  stack.defer(() => connection.close());
  const [targetPort = 0] = await freePorts(1);
  const stage = {
    client: new Client({ connection, namespace: temporal.namespace }),
    s3,
    bucket,
    targetPort,
    programs,
    env: {
      TEMPORAL_ADDRESS: temporal.address,
      S3_ENDPOINT_URL: s3.address,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
    directory: () => mkdtemp(join(root, 'case-')),
  };
  const held = stack.move();
  return { ...stage, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
