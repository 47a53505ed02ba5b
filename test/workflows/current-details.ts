import type { WorkflowHandle } from '@temporalio/client';

/** What the Temporal UI shows as current details. */
export async function currentDetails(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
