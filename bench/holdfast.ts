import { type Client, WorkflowContinuedAsNewError, type WorkflowHandle } from '@temporalio/client';
import { readRestoreStatus } from '../client/restore-status.ts';
import { nextSecond } from '../services/next-second.ts';
import type { BackupInput, BackupResult } from '../workflows/contract/backup.ts';
import { backupId } from '../workflows/contract/names.ts';
import type { RestoreInput } from '../workflows/contract/restore.ts';
import { type JobName, startingBackup, startingRestore } from '../workflows/contract/starting.ts';
import { watchProcess } from './measure.ts';
import type { Round } from './statistics.ts';
import { stepsOf } from './steps.ts';
import type { BenchWorker } from './worker.ts';

/** A whole run of the workflow `backup`: capture, verify, publish. What it takes is that of the worker. */
export async function measureBackup(
  client: Client,
  worker: BenchWorker,
  { job, store }: JobName,
): Promise<Round> {
  // The id is a second; the round before may have taken this one.
  await nextSecond();
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job, store }, id, 'benchmark');
  const input: BackupInput = { job, id, reason: 'manual' };
  return measureRun(worker, async () => {
    const handle = await client.workflow.start(type, { ...options, args: [input] });
    const { unchangedSince } = (await handle.result()) as BackupResult;
    if (unchangedSince !== undefined) throw new Error('The backup found nothing new to capture.');
    return handle;
  });
}

/** A whole run of the workflow `restore` into the store of another job: plan, apply, prove. */
export async function measureRestore(
  client: Client,
  worker: BenchWorker,
  { job, store }: JobName,
  toJob: string,
  keys: number,
): Promise<Round> {
  const { type, ...options } = startingRestore({ job, store });
  const input: RestoreInput = { job, pending: [{ toJob, approved: true, noSafetyBackup: true }] };
  const round = await measureRun(worker, async () => {
    const { workflowId, firstExecutionRunId } = await client.workflow.start(type, {
      ...options,
      args: [input],
    });
    // Each run is one restore; the next one only stands by.
    const handle = client.workflow.getHandle(workflowId, firstExecutionRunId, { followRuns: false });
    await handle.result().catch((error: unknown) => {
      if (!(error instanceof WorkflowContinuedAsNewError)) throw error;
    });
    return handle;
  });
  const status = await readRestoreStatus(client, options.workflowId);
  const compared = status?.last?.proof?.compared;
  if (status?.last?.outcome !== 'restored' || compared !== keys) {
    throw new Error(`The restore proved ${compared ?? 'none'} of ${keys} keys.`);
  }
  await client.workflow.getHandle(options.workflowId).terminate('the next round begins anew');
  return round;
}

async function measureRun(worker: BenchWorker, run: () => Promise<WorkflowHandle>): Promise<Round> {
  const watch = await watchProcess(worker.pid);
  const started = performance.now();
  const handle = await run();
  const wall = (performance.now() - started) / 1000;
  const usage = await watch.stop();
  const { events } = await handle.fetchHistory();
  return { wall, ...usage, steps: stepsOf(events ?? []) };
}
