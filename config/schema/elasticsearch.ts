import { z } from 'zod';
import { defaultSnapshotName, templateProblem } from '../../stores/elasticsearch/snapshot-name.ts';
import * as format from '../formats.ts';
import { tlsSchema } from './tls.ts';

const { text, yesOrNo } = format;

const repository = z.strictObject({
  name: text('a name').describe('Its name in the cluster.'),
  type: text('a type of repository, such as s3 or fs')
    .optional()
    .describe('`s3`, `fs` or what plugins add. Without it, the repository must be there already.'),
  settings: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], { error: 'text, a number, or `true` or `false`' }),
    )
    .default({})
    .describe('As the type names them: `{ bucket: backups, base_path: prod }`. Never credentials.'),
  update: yesOrNo
    .default(false)
    .describe(
      'Change a repository that is there and differs. Else that is a failure, which shows the difference.',
    ),
});

export const elasticsearchSchema = z.strictObject({
  addresses: z
    .array(format.serverAddress, { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .describe('Nodes of the cluster, such as `http://127.0.0.1:9200`, tried in turn.'),
  mode: z
    .enum(['snapshot', 'documents'], { error: '`snapshot` or `documents`' })
    .default('snapshot')
    .describe(
      '`snapshot`: the cluster writes a snapshot into its own repository; Holdfast checks it and keeps book. `documents`: Holdfast reads every document and stores them itself, to be restored into any version of either product.',
    ),
  user: text('the name of a user', () => true)
    .optional()
    .describe('A user with the rights that docs/elasticsearch.md lists, written as `${VARIABLE}`.'),
  password: text('a password', () => true)
    .optional()
    .describe('Goes with user. Write it as `${VARIABLE}`, not in plain text.'),
  api_key: text('an API key', () => true)
    .optional()
    .describe('Instead of user and password, as Elasticsearch encodes it. Write it as `${VARIABLE}`.'),
  tls: tlsSchema.optional().describe('Certificates, for https addresses.'),
  repository: repository
    .optional()
    .describe('Where the nodes of the cluster write their snapshots; `mode: snapshot` needs it.'),
  indices: z
    .array(text('the name of an index or data stream, with `*`'), { error: 'a list of names' })
    .min(1, { error: 'at least one name' })
    .default(['*'])
    .describe('Names of indices and data streams, with `*`; `-` before one leaves it out. Default: all.'),
  ignore_unavailable: yesOrNo
    .default(false)
    .describe('Pass over a name without `*` that is not there. Else that is a failure.'),
  global_state: yesOrNo
    .default(false)
    .describe(
      'Put the cluster’s settings, templates and policies into the snapshot too. No restore uses them. Only with `mode: snapshot`.',
    ),
  feature_states: z
    .array(text('the name of a feature'), { error: 'a list of names' })
    .default([])
    .describe(
      'Elasticsearch only: system indices by feature, such as `security`. Default: none. Only with `mode: snapshot`.',
    ),
  snapshot_name: z
    .string({ error: 'a template such as `YYYY-MM-DD-HH-MM-SS_{name}`' })
    .superRefine((template, context) => {
      const problem = format.isKept(template) ? undefined : templateProblem(template);
      if (problem !== undefined) {
        context.addIssue({
          code: 'custom',
          message: `a template such as \`YYYY-MM-DD-HH-MM-SS_{name}\` or \`{name}-{id}\`; this one ${problem}`,
        });
      }
    })
    .default(defaultSnapshotName)
    .describe(
      'How snapshots are named: `{name}` is the job, `{id}` the backup’s id, the letters its time in UTC. Only with `mode: snapshot`.',
    ),
});
