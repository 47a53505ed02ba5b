import { z } from 'zod';
import { ecsSchema } from '../ecs.ts';
import * as format from '../formats.ts';
import { runInSchema } from '../run-in.ts';
import { commandSchema } from './command.ts';
import { consulSchema } from './consul.ts';
import { drillSchema } from './drill.ts';
import { elasticsearchSchema } from './elasticsearch.ts';
import { encryptSchema } from './encrypt.ts';
import { etcdSchema } from './etcd.ts';
import { keepSchema } from './keep.ts';
import { scheduleSchema } from './schedule.ts';
import { verifySchema } from './verify.ts';

const { text, yesOrNo, duration } = format;

export const jobSchema = z
  .strictObject({
    storage: text('the name of a storage')
      .optional()
      .describe('Where the backups go: a name from `storages`.'),
    consul: consulSchema.optional().describe('The keys and values of a Consul datacenter.'),
    etcd: etcdSchema.optional().describe('The keys and values of an etcd cluster.'),
    elasticsearch: elasticsearchSchema
      .optional()
      .describe('The indices of an Elasticsearch or OpenSearch cluster.'),
    command: commandSchema
      .optional()
      .describe('A command that a worker runs, instead of a store to back up (a task: docs/commands.md).'),
    ecs: ecsSchema
      .optional()
      .describe('Tasks that Amazon ECS runs, instead of a store to back up (docs/ecs.md).'),
    allow_empty: yesOrNo
      .default(false)
      .describe(
        'Take a store without keys as a backup. Else it is a failure: mostly a token or prefix is wrong.',
      ),
    max_shrink: format.percent
      .prefault('50%')
      .describe(
        'A backup that holds fewer records or bytes than the last good one, by more than this part, is published as suspicious.',
      ),
    run_in: runInSchema
      .optional()
      .describe('Read the store in a container that is started near it for each backup, not in a worker.'),
    schedule: scheduleSchema
      .optional()
      .describe('When to back up: a cron text such as "15 * * * *", or a mapping. Without it, only by hand.'),
    drill: drillSchema
      .prefault({})
      .describe(
        'Restore a backup into a scratch place, now and then, and compare: the proof that it can be.',
      ),
    keep: keepSchema
      .prefault({})
      .describe('Which backups stay: those that any of these rules keeps. With no rule, all stay.'),
    verify: verifySchema
      .optional()
      .describe('Read the stored backups back again and again, a slice in each run (docs/verify.md).'),
    encrypt: encryptSchema
      .prefault({})
      .describe('Encrypt the backups with age before they leave the worker.'),
    deadline: duration.prefault('1h').describe('How long a whole run may take, retries included.'),
    stale_after: duration
      .optional()
      .describe(
        'Without a good run for this long, the job is stale. Default: when a run that was due has not ended well in time.',
      ),
    approval_timeout: duration
      .prefault('24h')
      .describe('How long the plan of a restore waits for its approval.'),
  })
  .meta({ anyOf: [{ required: ['storage'] }, { required: ['command'] }, { required: ['ecs'] }] });
