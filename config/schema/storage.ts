import { z } from 'zod';
import { awsSettings } from '../aws.ts';
import * as format from '../formats.ts';

const { text, wholeNumber, yesOrNo } = format;

const s3 = z.strictObject({
  bucket: text(
    'the name of a bucket (letters, digits, dots, hyphens) or the ARN of an access point',
    (value) => /^([A-Za-z0-9][A-Za-z0-9._-]{1,254}|arn:[^\s]+)$/.test(value),
  ).describe('The bucket. It must exist.'),
  prefix: text(
    'a prefix without spaces and empty parts, such as backups/prod',
    (value) => !/\/\/|\s/.test(value),
  )
    .default('')
    .describe(
      'Put before the name of every object: `backups/prod`. Several installations may share a bucket so.',
    ),
  endpoint: format.endpoint
    .optional()
    .describe('The address of an S3-compatible server. Default: Amazon’s own for the region.'),
  ...awsSettings,
  region: awsSettings.region.describe(
    'The region. Default: AWS_REGION, else the AWS profile. S3-compatible servers often want us-east-1.',
  ),
  path_style: yesOrNo
    .default(false)
    .describe('Name the bucket in the path, not in the host name. Most S3-compatible servers need `true`.'),
  storage_class: text(
    'a storage class that can be read at once, such as STANDARD_IA',
    (value) => !['', 'GLACIER', 'DEEP_ARCHIVE'].includes(value),
  )
    .optional()
    .describe(
      'The storage class of the backups. Not GLACIER or DEEP_ARCHIVE: each backup is read back at once.',
    ),
  sse: z
    .union(
      [
        z.enum(['AES256', 'aws:kms']),
        z.strictObject({
          kms: text('the id, alias or ARN of a KMS key').describe('The id, alias or ARN of a KMS key.'),
        }),
      ],
      { error: '`AES256`, `aws:kms` (the key of the bucket) or `{ kms: key-id }`' },
    )
    .optional()
    .describe('Encryption by the server: `AES256`, `aws:kms` (the key of the bucket) or `{ kms: key-id }`.'),
  checksums: z
    .enum(['when_supported', 'when_required'])
    .default('when_supported')
    .describe(
      '`when_required` for S3-compatible servers that refuse the CRC32 checksums which Amazon’s SDK sends.',
    ),
  concurrency: wholeNumber(1, 64)
    .default(4)
    .describe('Parts sent at once. Each costs memory: from 8 MB, growing with the size of the backup.'),
});

export const storageSchema = z.strictObject({
  s3: s3.optional().describe('A bucket of Amazon S3 or of an S3-compatible server.'),
  directory: z
    .strictObject({
      path: text('the path of a directory').describe(
        'The directory; it must exist. Relative paths start at this file.',
      ),
    })
    .optional()
    .describe('A directory of the machine where the worker runs (or a mounted share).'),
});
