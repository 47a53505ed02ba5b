import { z } from 'zod';
import { duration, wholeNumber } from '../formats.ts';
import { scheduleSchema } from './schedule.ts';

export const verifySchema = z.strictObject({
  schedule: scheduleSchema
    .optional()
    .describe(
      'When to read a slice back: as `schedule` of the job. Without it, only when a run is started by hand.',
    ),
  slices: wholeNumber(1, 1000)
    .default(7)
    .describe('How many runs it takes to read all stored bytes back; each reads about that part of them.'),
  deadline: duration.prefault('12h').describe('How long one run may take, retries included.'),
});
