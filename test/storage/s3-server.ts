import { randomUUID } from 'node:crypto';
import { startS3, type S3Server } from '../../services/s3.ts';
import type { Patiences } from '../../storage/s3/attempts.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { S3Settings } from '../../storage/settings.ts';
import type { Storage } from '../../storage/storage.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';

/** With a dot: such a bucket needs path style. */
export const bucketName = 'backups.of-dots';

/** Six attempts, without the waiting. */
export const hurried: Patiences = {
  brief: { attempts: 3, firstDelay: 1, maxDelay: 10 },
  long: { attempts: 6, firstDelay: 1, maxDelay: 10 },
};

export function startS3Server(): Promise<S3Server> {
  return startS3({ buckets: [bucketName] });
}

/** Settings for a prefix that nobody else uses. */
export function settingsFor(server: S3Server, more: Partial<S3Settings> = {}): S3Settings {
  const { address: endpoint, region, accessKeyId, secretAccessKey } = server;
  return {
    bucket: bucketName,
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

/** A storage whose requests go through a proxy that breaks them. */
export interface Faulty {
  readonly proxy: FaultProxy;
  readonly settings: S3Settings;
  readonly storage: Storage;
  /** The same objects, on the straight way. */
  readonly direct: Storage;
  close(): Promise<void>;
}

export async function openFaulty(server: S3Server, more: Partial<S3Settings> = {}): Promise<Faulty> {
  const proxy = await startFaultProxy(server.address);
  const straight = settingsFor(server, more);
  const settings = { ...straight, endpoint: proxy.address };
  const storage = openS3(settings, hurried);
  const direct = openS3(straight, hurried);
  return {
    proxy,
    settings,
    storage,
    direct,
    async close() {
      await storage.close();
      await direct.close();
      await proxy.close();
    },
  };
}
