import { setTimeout as sleep } from 'node:timers/promises';
import { capture } from '../../activities/capture.ts';
import { discard } from '../../activities/discard.ts';
import { publish } from '../../activities/publish.ts';
import type { Step } from '../../activities/step.ts';
import { verify } from '../../activities/verify.ts';
import type { CaptureInput, Published } from '../../workflows/contract/backup.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { backupId } from '../../workflows/contract/names.ts';

/** Captures, reads back and publishes, as the workflow does, but without Temporal. */
export async function takeBackup(
  step: Step,
  wanted: Omit<CaptureInput, 'id'>,
): Promise<Published & { readonly id: string }> {
  for (;;) {
    const id = backupId(new Date());
    try {
      const captured = await capture(step, { ...wanted, id });
      const verified = await verify(step, { captured });
      return { id, ...(await publish(step, { captured, verified })) };
    } catch (error) {
      // Ids are to the second, and another run has taken this one.
      if (isTaken(error)) await sleep(1000, undefined, { signal: step.signal });
      else {
        const unstoppable = { ...step, signal: new AbortController().signal };
        await discard(unstoppable, { job: wanted.job, id }).catch(() => undefined);
        throw error;
      }
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'BackupExists';
}
