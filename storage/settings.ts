/** Where backups are kept. Built from one entry of `storages:`. */
export type StorageSettings =
  | { readonly kind: 's3'; readonly s3: S3Settings }
  | { readonly kind: 'directory'; readonly directory: DirectorySettings };

export interface S3Settings {
  readonly bucket: string;
  /** Put before every name; no slash at either end. May be empty. */
  readonly prefix: string;
  /** Absent: Amazon's own for the region. */
  readonly endpoint?: string;
  readonly region?: string;
  readonly pathStyle: boolean;
  readonly storageClass?: string;
  /** Server-side encryption. */
  readonly sse?: { readonly type: 'AES256' } | { readonly type: 'aws:kms'; readonly keyId?: string };
  /** `when-supported`: the SDK's CRC32 of today; `when-required`: for S3 clones that refuse it. */
  readonly checksums: 'when-supported' | 'when-required';
  /** Absent: the SDK's default chain (environment, profile, container and instance roles), refreshed by it. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** A profile of the AWS configuration files, for the default chain. */
  readonly profile?: string;
  /** Parts in flight at once. */
  readonly concurrency: number;
}

export interface DirectorySettings {
  readonly path: string;
}
