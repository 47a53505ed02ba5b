import {
  HeadObjectCommand,
  type CreateMultipartUploadCommandInput,
  type PutObjectCommandInput,
  type S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';
import { checkName } from '../name.ts';
import type { S3Settings } from '../settings.ts';
import { persist, type Patience, type Patiences } from './attempts.ts';
import { chooseChecksum, type ChecksumAlgorithm } from './checksum.ts';
import { createClient } from './client.ts';
import { brokenAnswer, explain, S3Failure } from './failure.ts';

/** A bucket and prefix, and how requests to it are made. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  /** `s3://bucket/prefix` */
  readonly address: string;
  readonly patience: Patiences;
  readonly concurrency: number;
  readonly checksum: ChecksumAlgorithm;
  /** What every new object is given: storage class and encryption. */
  readonly attributes: Attributes;
  /** Bytes of the first parts of an upload; later ones grow. Absent: the usual. */
  readonly firstPart?: number;
  /** The key of an object. @throws TypeError where the name is none */
  key(name: string): string;
  /** The key that all keys of names with this beginning start with. */
  keyPrefix(prefix: string): string;
  /** The name for a key. */
  nameOf(key: string): string;
  addressOf(name: string): string;
  /** Makes a request, again where that can help. `action` and `name` are for messages. */
  request<T>(request: Request, send: (options: SendOptions) => Promise<T>): Promise<T>;
}

export interface Request {
  readonly action: string;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly patience?: Patience;
}

export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

/** Settings of an object in the words of the SDK. */
export type Attributes = Pick<
  PutObjectCommandInput & CreateMultipartUploadCommandInput,
  AttributeName & keyof CreateMultipartUploadCommandInput
>;

type AttributeName =
  | 'ACL'
  | 'CacheControl'
  | 'ContentDisposition'
  | 'ContentEncoding'
  | 'ContentLanguage'
  | 'ContentType'
  | 'Metadata'
  | 'SSEKMSKeyId'
  | 'ServerSideEncryption'
  | 'StorageClass'
  | 'Tagging'
  | 'WebsiteRedirectLocation';

/** How the objects in a bucket may be named, and what each new one is given besides what the settings say. */
export interface BucketOptions {
  /** Throws where a name is none. */
  readonly checkName: (name: string) => void;
  readonly attributes?: Attributes;
  readonly firstPart?: number;
}

export function openBucket(
  settings: S3Settings,
  patience: Patiences,
  options: BucketOptions = { checkName },
): Bucket {
  const client = createClient(settings);
  const root = settings.prefix === '' ? '' : `${settings.prefix}/`;
  const address = `s3://${settings.bucket}${settings.prefix && `/${settings.prefix}`}`;
  const endpoint = settings.endpoint ?? `of Amazon${settings.region ? ` in ${settings.region}` : ''}`;
  const addressOf = (name: string) => `${address}/${name}`;
  return {
    client,
    name: settings.bucket,
    address,
    patience,
    concurrency: settings.concurrency,
    checksum: chooseChecksum(settings),
    attributes: { ...attributesFrom(settings), ...options.attributes },
    ...(options.firstPart !== undefined && { firstPart: options.firstPart }),
    addressOf,
    key(name) {
      options.checkName(name);
      return root + name;
    },
    keyPrefix: (prefix) => root + prefix,
    nameOf: (key) => key.slice(root.length),
    request({ action, name, signal, patience: own }, send) {
      const options = signal ? { abortSignal: signal } : {};
      return persist(own ?? patience.brief, signal, async () => {
        try {
          return await send(options);
        } catch (error) {
          throw explain(error, { action, address: addressOf(name), endpoint });
        }
      });
    },
  };
}

function attributesFrom({ storageClass, sse }: S3Settings): Attributes {
  return {
    // Clones have classes of their own, which the SDK's type does not know.
    ...(storageClass && { StorageClass: storageClass as StorageClass }),
    ...(sse && { ServerSideEncryption: sse.type }),
    ...(sse?.type === 'aws:kms' && sse.keyId && { SSEKMSKeyId: sse.keyId }),
  };
}

export interface Head {
  readonly bytes: number;
  readonly modified: Date;
  /** Which write made it; absent where it was not one of ours. */
  readonly writer: string | undefined;
}

export async function headObject(
  bucket: Bucket,
  name: string,
  signal?: AbortSignal,
): Promise<Head | undefined> {
  const Key = bucket.key(name);
  try {
    return await bucket.request({ action: 'HEAD', name, signal }, async (options) => {
      const found = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key }), options);
      const { ContentLength: bytes, LastModified: modified, Metadata } = found;
      if (bytes === undefined || modified === undefined) {
        throw brokenAnswer(bucket.addressOf(name), 'a HEAD without size or time');
      }
      return { bytes, modified, writer: Metadata?.[writerField] };
    });
  } catch (error) {
    if (error instanceof S3Failure && error.status === 404) return undefined;
    throw error;
  }
}

/** Metadata that tells one write from another, also when the answer to it got lost. */
export const writerField = 'holdfast-writer';
