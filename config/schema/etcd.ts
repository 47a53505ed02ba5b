import { z } from 'zod';
import { defaultMaxRequestBytes } from '../../stores/etcd/settings.ts';
import * as format from '../formats.ts';
import { tlsSchema } from './tls.ts';

const { text, wholeNumber } = format;

export const etcdSchema = z.strictObject({
  endpoints: z
    .array(format.serverAddress, { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .describe('Members of the cluster, such as `http://127.0.0.1:2379`, tried in turn.'),
  mode: z
    .enum(['snapshot', 'keys'], { error: '`snapshot` or `keys`' })
    .default('snapshot')
    .describe(
      '`snapshot` takes the whole database of one member, as `etcdctl snapshot save` does; `keys` reads key by key at one revision.',
    ),
  prefix: text('the start of keys', () => true)
    .default('')
    .describe('Only the keys that start so; with `mode: keys`. Default: all keys.'),
  user: text('the name of a user', () => true)
    .optional()
    .describe(
      'A user with the role `root` for snapshots; for keys, one whose role may read (and for a restore, write) them. Written as `${VARIABLE}`.',
    ),
  password: text('a password', () => true)
    .optional()
    .describe('Goes with user. Write it as `${VARIABLE}`, not in plain text.'),
  tls: tlsSchema.optional().describe('Certificates, for https addresses.'),
  leases: z
    .enum(['drop', 'regrant', 'fail'])
    .default('drop')
    .describe(
      'What a restore does with keys that were bound to a lease: write them to stay, bind them to new leases with the time that was left, or refuse them.',
    ),
  max_request_bytes: wholeNumber(1024, 2 ** 30)
    .default(defaultMaxRequestBytes)
    .describe('As `--max-request-bytes` of the servers, where it was raised: how large a key may be.'),
});
