import { z } from 'zod';
import * as format from './formats.ts';
import { channelSchema } from './schema/alarms.ts';
import { jobSchema } from './schema/job.ts';
import { storageSchema } from './schema/storage.ts';
import { temporalSchema } from './schema/temporal.ts';
import { workerSchema } from './schema/worker.ts';

/**
 * holdfast.yaml: every setting, its kind, its default, and what editors say about it. Each section has a file in
 * schema/. What can only be judged by looking at several settings together stands in checks.ts.
 */

const names = { pattern: format.namePattern.source };

export const configSchema = z
  .strictObject({
    temporal: temporalSchema
      .prefault({})
      .describe(
        'How to reach Temporal. What is not set here comes from the environment (TEMPORAL_ADDRESS, …) and the profile.',
      ),
    worker: workerSchema.prefault({}).describe('What a worker that has this file does.'),
    storages: z
      .record(z.string(), storageSchema)
      .default({})
      .meta({ description: 'Where backups are kept, by name.', propertyNames: names }),
    jobs: z.record(z.string(), jobSchema).meta({
      description:
        'What is backed up, and the tasks, by name. The name of a backup becomes a folder in the storage.',
      propertyNames: names,
    }),
    alarms: z.record(z.string(), channelSchema).default({}).meta({
      description: 'How people are told when something is wrong, by name of the channel (docs/alarms.md).',
      propertyNames: names,
    }),
  })
  .describe('Configuration of Holdfast. Any text may hold ${VARIABLE} or ${VARIABLE:-default}.');

export type CheckedConfig = z.output<typeof configSchema>;
export type CheckedJob = CheckedConfig['jobs'][string];
export type CheckedStorage = CheckedConfig['storages'][string];
