import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { JobConfig } from '../config/config.ts';
import { restoreMessages } from '../workflows/contract/names.ts';
import type { RestoreRequest } from '../workflows/contract/restore.ts';
import type { RestoreOptions } from './restore-options.ts';
import type { RequestReference } from './restore-run.ts';
import { standbyOptions } from './standby.ts';

/** A request that can be told from others. */
type Requested = RestoreRequest & { readonly requestId: string };

export function requestOf(backup: string, options: RestoreOptions): Requested {
  const { prefix, toPrefix, toJob, mode, dryRun, yes, safetyBackup } = options;
  const { indices, rename, inPlace, indexSetting, keepLifecycle, swapAliases } = options;
  return {
    requestId: randomUUID(),
    backup,
    ...(prefix !== undefined && { prefix }),
    ...(toPrefix !== undefined && { toPrefix }),
    ...(toJob !== undefined && { toJob }),
    ...(indices !== undefined && { indices }),
    ...(rename !== undefined && { rename }),
    ...(inPlace !== undefined && { inPlace }),
    ...(Object.keys(indexSetting).length > 0 && { indexSettings: indexSetting }),
    ...(keepLifecycle && { keepLifecycle }),
    ...(swapAliases && { swapAliases }),
    ...(mode !== undefined && { mode }),
    ...(options.whole && { whole: true }),
    ...(dryRun && { dryRun }),
    ...(yes && { approved: true }),
    ...(!safetyBackup && { noSafetyBackup: true }),
  };
}

/** Signals the restore workflow of the job, which is started where it does not stand by. */
export async function sendRequest(
  client: Client,
  { name, store }: JobConfig,
  request: Requested,
): Promise<RequestReference> {
  const { type, options } = standbyOptions({ job: name, store: store.kind });
  const handle = await client.workflow.signalWithStart(type, {
    ...options,
    signal: restoreMessages.requestRestore,
    signalArgs: [request],
  });
  return { workflowId: handle.workflowId, runId: handle.signaledRunId, requestId: request.requestId };
}
