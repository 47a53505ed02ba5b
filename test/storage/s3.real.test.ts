import { randomUUID } from 'node:crypto';
import { startS3, type S3Server } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { S3Settings } from '../../storage/settings.ts';
import { storageConformance } from './conformance.ts';

const bucket = 'backups.of-dots';
let server: S3Server;

beforeAll(async () => {
  server = await startS3({ buckets: [bucket] });
}, 60_000);
afterAll(() => server.stop());

function settings(more: Partial<S3Settings> = {}): S3Settings {
  const { address: endpoint, region, accessKeyId, secretAccessKey } = server;
  return {
    bucket,
    prefix: randomUUID(),
    endpoint,
    region,
    pathStyle: true,
    checksums: 'when-supported',
    credentials: { accessKeyId, secretAccessKey },
    concurrency: 4,
    ...more,
  };
}

const open = (more: Partial<S3Settings>) => () =>
  Promise.resolve({ storage: openS3(settings(more)), cleanup: () => Promise.resolve() });

storageConformance('S3 over HTTP', open({}));
storageConformance(
  'S3 over HTTP, without checksums, without a prefix',
  open({ checksums: 'when-required', prefix: '', concurrency: 1 }),
);
