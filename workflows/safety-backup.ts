import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  executeChild,
  isCancellation,
  sleep,
} from '@temporalio/workflow';
import type { backup } from './backup.ts';
import type { BackupResult, JobDescription } from './contract/backup.ts';
import { backupId } from './contract/names.ts';
import type { Plan } from './contract/restore.ts';
import { startingBackup } from './contract/starting.ts';

/** Backs up what is about to be overwritten, as a run of its own that can be watched; gives its result. */
export async function takeSafetyBackup(
  { toJob, to }: Plan,
  { store }: JobDescription,
): Promise<BackupResult> {
  for (;;) {
    const id = backupId(new Date());
    const { type, ...options } = startingBackup({ job: toJob, store }, id, 'safety backup');
    try {
      return await executeChild<typeof backup>(type, {
        ...options,
        args: [{ job: toJob, id, reason: 'safety', scope: to }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        parentClosePolicy: 'REQUEST_CANCEL',
      });
    } catch (error) {
      if (isCancellation(error)) throw whoseCancellation(error);
      // Ids are to the second, and a scheduled backup may have taken this one.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await sleep('1 second');
    }
  }
}

/** The backup alone may have been cancelled: then the restore fails, and is not itself a cancelled one. */
function whoseCancellation(error: unknown): unknown {
  if (CancellationScope.current().consideredCancelled) return error;
  return ApplicationFailure.create({
    message: 'somebody cancelled its safety backup; nothing was changed.',
    type: 'NotApproved',
  });
}
