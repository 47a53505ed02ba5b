import { z } from 'zod';
import * as format from '../formats.ts';

const { duration } = format;

const cronText = z.string({ error: 'a cron text of five fields, such as "15 * * * *"' });

const schedule = z
  .strictObject({
    cron: cronText.describe(
      'Five fields: minute, hour, day of the month, month, day of the week; or six, the second first; or @hourly, @daily, @weekly, @monthly, @yearly, `@every 10m`. Where both day fields are restricted, one of them is enough, as in every cron.',
    ),
    dialect: z
      .enum(['standard', 'go-cron'])
      .default('standard')
      .describe('`go-cron`: read `cron` as go-cron does, the second first also where there are five fields.'),
    timezone: format.timezone
      .default('UTC')
      .describe('The time zone of `cron` and of `keep`, such as Europe/Berlin.'),
    jitter: duration
      .prefault('0s')
      .describe('Start up to this much later, by chance, so that jobs do not start together.'),
    catchup: duration
      .prefault('24h')
      .describe('How late a run may still start that was missed while Temporal was down.'),
  })
  .superRefine(({ cron, dialect }, context) => {
    const message = format.cronMistake(cron, dialect);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['cron'], message });
  });

/** A schedule in short form. */
const bareCron = cronText.superRefine((cron, context) => {
  const message = format.cronMistake(cron, 'standard');
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** A cron text such as "15 * * * *", or a mapping. */
export const scheduleSchema = z.union([bareCron.transform((cron) => schedule.parse({ cron })), schedule], {
  error: 'a cron text, or a mapping with `cron`',
});
