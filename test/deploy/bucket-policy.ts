import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DeleteBucketPolicyCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Account, S3Server } from '../../services/s3.ts';

export const deploy = resolve(import.meta.dirname, '../../deploy');

export interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string;
}

/** The statements of a file of deploy/iam/, for this bucket and prefix. */
export async function statementsOf(file: string, bucket: string, prefix: string): Promise<Statement[]> {
  const text = await readFile(join(deploy, 'iam', file), 'utf8');
  const filled = text.replaceAll('BUCKET', bucket).replaceAll('PREFIX', prefix);
  return (JSON.parse(filled) as { readonly Statement: Statement[] }).Statement;
}

/** The same without one action. */
export function without(statements: readonly Statement[], action: string): Statement[] {
  return statements
    .map((statement) => ({ ...statement, Action: statement.Action.filter((other) => other !== action) }))
    .filter(({ Action }) => Action.length > 0);
}

/** Gives an account these rights on a bucket, and no other account any; without an account, nobody has any. */
export async function allow(
  { address, region, accessKeyId, secretAccessKey }: S3Server,
  Bucket: string,
  rights?: { readonly account: S3Account; readonly statements: readonly Statement[] },
): Promise<void> {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint: address, region, credentials, forcePathStyle: true });
  try {
    if (rights === undefined) {
      await client.send(new DeleteBucketPolicyCommand({ Bucket }));
      return;
    }
    const Principal = { AWS: [rights.account.accessKeyId] };
    const Statement = rights.statements.map((statement) => ({ ...statement, Principal }));
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  } finally {
    client.destroy();
  }
}
