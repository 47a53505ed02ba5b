import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Server } from '../../services/s3.ts';

/** A bucket as S3 itself shows it: nothing here is shared with storage/. */
export interface BareBucket {
  /** All keys that start so, in order. */
  keys(prefix: string): Promise<readonly string[]>;
  /** The unfinished uploads of keys that start so, each with the number of its stored parts. */
  uploads(prefix: string): Promise<readonly { readonly key: string; readonly parts: number }[]>;
  read(key: string): Promise<Buffer>;
  write(key: string, bytes: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
  close(): void;
}

export function openBareBucket({ address, region, ...credentials }: S3Server, Bucket: string): BareBucket {
  const { accessKeyId, secretAccessKey } = credentials;
  const client = new S3Client({
    endpoint: address,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  return {
    async keys(Prefix) {
      const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      if (IsTruncated === true) throw new Error('more objects than one answer holds');
      return Contents.map(({ Key = '' }) => Key);
    },
    async uploads(Prefix) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
      return Promise.all(
        Uploads.map(async ({ Key = '', UploadId }) => {
          const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
          return { key: Key, parts: Parts.length };
        }),
      );
    },
    async read(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async write(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    async remove(Key) {
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    close: () => client.destroy(),
  };
}
