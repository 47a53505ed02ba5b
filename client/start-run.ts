import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { backupId } from '../workflows/contract/names.ts';
import type { Starting } from '../workflows/contract/starting.ts';

export interface StartedRun {
  readonly id: string;
  readonly handle: WorkflowHandle;
}

/** Starts a run whose id is the time. It is a second; one that is taken already makes way for the next. */
export async function startWithFreeId(
  client: Client,
  runOf: (id: string) => { readonly starting: Starting; readonly input: unknown },
): Promise<StartedRun> {
  for (let time = Date.now(); ; time += 1000) {
    const id = backupId(new Date(time));
    const { starting, input } = runOf(id);
    const { type, ...options } = starting;
    try {
      const workflowIdReusePolicy = 'REJECT_DUPLICATE';
      const handle = await client.workflow.start(type, { ...options, args: [input], workflowIdReusePolicy });
      return { id, handle };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
