import { ApplicationFailure, sleep, upsertMemo } from '@temporalio/workflow';
import { control } from './activities.ts';
import type { JobDescription } from './contract/backup.ts';
import type { ErrorCode } from './contract/errors.ts';
import { memoFields } from './contract/names.ts';
import type { Plan } from './contract/restore.ts';
import { startDeadline } from './deadline.ts';

/** Milliseconds between two looks: the first soon, for a small restore; later ones cost history more than they tell. */
const firstPause = 5000;
const longestPause = 120_000;

/**
 * A backup in the middle of a restore would keep a store that never was: it waits until no restore writes to the store
 * any more. Gives the description as it is then. `onWait` hears which restore it waits for.
 *
 * @throws StoreBusy where that takes longer than the job's deadline
 */
export async function waitForRestore(
  description: JobDescription,
  onWait: (restore: string) => void,
): Promise<JobDescription> {
  if (description.restoring === undefined) return description;
  const left = startDeadline(description.turnTimeout ?? description.deadline);
  const { job } = description;
  let known: JobDescription = description;
  for (let pause = firstPause; known.restoring !== undefined; pause = Math.min(2 * pause, longestPause)) {
    upsertMemo({ [memoFields.waitsFor]: known.restoring });
    onWait(known.restoring);
    if (left() <= shortest) {
      throw busy(`${known.restoring} writes to the store of ${job}, and has not ended within the deadline`);
    }
    await sleep(Math.min(pause, left()), { summary: `wait for ${known.restoring}` });
    known = await control.describeJob.executeWithOptions(
      { summary: `see whether ${known.restoring} still writes` },
      [{ job }],
    );
  }
  upsertMemo({ [memoFields.waitsFor]: undefined });
  return known;
}

/** `startDeadline` never gives less. */
const shortest = 1000;

/**
 * While the work is done, backups of the job whose store it writes to wait; those at work already are waited for first.
 * What says so is in the memo of this very run: it counts no more when the run has ended, however it ended.
 *
 * @throws StoreBusy where they take longer than the job's deadline
 */
export async function whileBackupsWait<Result>(
  { toJob }: Pick<Plan, 'toJob'>,
  { turnTimeout }: JobDescription,
  work: () => Promise<Result>,
): Promise<Result> {
  // A worker of before this was made described the job: its histories go on as they began.
  if (turnTimeout === undefined) return work();
  upsertMemo({ [memoFields.writes]: toJob });
  try {
    await waitForBackups(toJob, startDeadline(turnTimeout));
    return await work();
  } finally {
    upsertMemo({ [memoFields.writes]: undefined });
  }
}

async function waitForBackups(job: string, left: () => number): Promise<void> {
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    const atWork = await control.backupsAtWork.executeWithOptions(
      { summary: `see which backups read the store of ${job}` },
      [{ job }],
    );
    if (atWork.length === 0) return;
    if (left() <= shortest)
      throw busy(`${atWork.join(', ')} reads the store of ${job}, and has not ended within the deadline`);
    await sleep(Math.min(pause, left()), { summary: `wait for ${atWork.join(', ')}` });
  }
}

function busy(message: string): ApplicationFailure {
  const type: ErrorCode = 'StoreBusy';
  return ApplicationFailure.create({ message: `${message}; nothing was changed.`, type, nonRetryable: true });
}
