import { z } from 'zod';
import * as format from '../formats.ts';
import { scheduleSchema } from './schedule.ts';

const { text } = format;

const scratch = z.strictObject({
  job: text('the name of a job').describe(
    'A job of the same kind of store: its cluster is used, and nothing that it backs up is touched.',
  ),
  prefix: text('a prefix, such as `holdfast-drill/`')
    .optional()
    .describe(
      'Consul and etcd: keys are restored under this prefix. It must not meet the keys that the job backs up.',
    ),
});

export const drillSchema = z.strictObject({
  schedule: scheduleSchema
    .optional()
    .describe('When to drill: as `schedule` of the job. Without it, only by `holdfast drill`.'),
  backup: z
    .enum(['latest', 'random'], { error: '`latest` or `random`' })
    .default('latest')
    .describe('Which backup: the newest, or one drawn from the older ones.'),
  scratch: scratch
    .optional()
    .describe(
      'Where it is restored to. Default: a throwaway Consul or etcd on the worker’s machine, which needs their programs there; indices of other names in the cluster of the job.',
    ),
});
