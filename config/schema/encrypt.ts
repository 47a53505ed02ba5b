import { z } from 'zod';
import * as format from '../formats.ts';

const { text, yesOrNo } = format;

export const encryptSchema = z.strictObject({
  recipients: z
    .array(format.recipient, { error: 'a list of age recipients' })
    .default([])
    .describe(
      'Public keys, `age1…`, printed by `age-keygen`. Any one of their secret keys opens the backups.',
    ),
  identity_files: z
    .array(
      text('the path of a file, not the key itself', (value) => !/^(AGE-SECRET-KEY-|$)/.test(value)),
      { error: 'a list of paths' },
    )
    .default([])
    .describe(
      'Files with the secret keys (`age-keygen -o FILE`), on the machines that verify and restore. Keep a copy elsewhere: without it, no backup can be opened.',
    ),
  allow_plaintext: yesOrNo
    .default(false)
    .describe(
      'Store snapshots of Consul without encryption, although they hold its ACL tokens: whoever reads the storage then rules the datacenter.',
    ),
});
