import { z } from 'zod';
import * as format from '../formats.ts';
import { tlsSchema } from './tls.ts';

const { text } = format;

export const consulSchema = z.strictObject({
  address: format.serverAddress.optional().describe('A Consul agent or server: `http://127.0.0.1:8500`.'),
  addresses: z
    .array(format.serverAddress, { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .optional()
    .describe('Several of the same datacenter, tried in turn; instead of `address`.'),
  datacenter: text('the name of a datacenter').optional().describe('Default: the datacenter of the agent.'),
  mode: z
    .enum(['keys', 'snapshot'], { error: '`keys` or `snapshot`' })
    .default('keys')
    .describe(
      '`keys` reads the KV store; `snapshot` takes all of Consul, as `consul snapshot save` does: ACLs, configuration, catalog and sessions too.',
    ),
  prefix: text('the start of keys', () => true)
    .default('')
    .describe('Only the keys that start so; with `mode: keys`. Default: all keys.'),
  token: text('an ACL token', () => true)
    .optional()
    .describe(
      'An ACL token with `key_prefix "" { policy = "write" }` (`read` for backups alone), or for snapshots `acl = "write"`. Written as `${VARIABLE}`.',
    ),
  tls: tlsSchema.optional().describe('Certificates, for https addresses.'),
  consistency: z
    .enum(['consistent', 'stale'])
    .default('consistent')
    .describe('`stale` reads from any server, and may miss the last changes; the manifest says so.'),
});
