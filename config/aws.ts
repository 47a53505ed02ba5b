import type { z } from 'zod';
import type { Path } from './document.ts';
import type { Finding } from './finding.ts';
import { text } from './formats.ts';
import { present } from './present.ts';

/** How Amazon's services know who asks, and where: the same settings wherever one of them is used. */
export const awsSettings = {
  region: text('the name of a region, such as eu-central-1')
    .optional()
    .describe('The region. Default: AWS_REGION, else the AWS profile.'),
  profile: text('the name of an AWS profile')
    .optional()
    .describe('A profile of the AWS configuration files; with `role_arn` in it, that role is taken on.'),
  access_key_id: text('an access key id')
    .optional()
    .describe(
      'Credentials. Default: the chain of Amazon’s SDK (environment, profile, roles of container and instance).',
    ),
  secret_access_key: text('a secret access key')
    .optional()
    .describe('Goes with access_key_id. Write it as `${VARIABLE}`, not in plain text.'),
  session_token: text('a session token')
    .optional()
    .describe('Goes with temporary credentials. Write it as `${VARIABLE}`.'),
};

type CheckedAws = { readonly [Name in keyof typeof awsSettings]?: z.output<(typeof awsSettings)[Name]> };

export interface Aws {
  readonly region?: string;
  readonly profile?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export function buildAws(aws: CheckedAws): Aws {
  const { region, profile, session_token: sessionToken } = aws;
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey } = aws;
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, ...present({ sessionToken }) };
  return present({ region, profile, credentials });
}

/** Keys go together. */
export function checkAws(path: Path, aws: Readonly<Record<string, unknown>>): readonly Finding[] {
  const missing = (name: string, because: readonly string[]): Finding[] => {
    const other = because.find((reason) => reason in aws);
    if (other === undefined || name in aws) return [];
    return [{ path: [...path, name], at: 'key', text: `missing; \`${other}\` needs it` }];
  };
  return [
    ...missing('secret_access_key', ['access_key_id']),
    ...missing('access_key_id', ['secret_access_key', 'session_token']),
  ];
}
