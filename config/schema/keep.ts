import { z } from 'zod';
import { duration, wholeNumber } from '../formats.ts';

const keepCount = (unit: string) =>
  wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(`Keep the newest backup of each of the last N ${unit} that have one.`);

export const keepSchema = z.strictObject({
  last: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().describe('Keep the last N backups.'),
  hourly: keepCount('hours'),
  daily: keepCount('days'),
  weekly: keepCount('weeks'),
  monthly: keepCount('months'),
  yearly: keepCount('years'),
  within: duration.optional().describe('Keep every backup that is at most this much older than the newest.'),
  at_least: wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .default(1)
    .describe(
      'Keep the last N good backups (neither damaged nor suspicious), whatever the rules say. It is no rule itself.',
    ),
  safety: duration
    .prefault('30d')
    .describe('How long the safety backups are kept that a restore takes before it overwrites anything.'),
});
