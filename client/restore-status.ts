import { type Client, isGrpcCancelledError, isGrpcDeadlineError } from '@temporalio/client';
import type { RestoreStatus } from '../workflows/contract/restore.ts';
import { restoreMessages } from '../workflows/contract/names.ts';

/** Milliseconds that a worker has to answer. */
const patience = 5000;

/** What the restore workflow says of itself; undefined where no worker answers. Without `runId`: the latest run. */
export async function readRestoreStatus(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<RestoreStatus | undefined> {
  try {
    return await client.connection.withDeadline(Date.now() + patience, () =>
      client.workflow.getHandle(workflowId, runId).query<RestoreStatus>(restoreMessages.status),
    );
  } catch (error) {
    // The server itself cancels a query shortly before the deadline, or lets it pass.
    if (isGrpcDeadlineError(error) || isGrpcCancelledError(error)) return undefined;
    throw error;
  }
}
