import type { S3Server } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { S3Settings } from '../../storage/settings.ts';
import { storageConformance, type OpenStorage } from './conformance.ts';
import { hurried, settingsFor, startS3Server } from './s3-server.ts';

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

function opening(more: Partial<S3Settings>): () => Promise<OpenStorage> {
  return () => {
    const storage = openS3(settingsFor(server, more), hurried);
    return Promise.resolve({ storage, cleanup: () => Promise.resolve() });
  };
}

storageConformance('S3', opening({}));
storageConformance(
  'S3 without checksums, without a prefix, one part at a time',
  opening({ checksums: 'when-required', prefix: '', concurrency: 1 }),
);
