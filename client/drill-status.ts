import type { Client } from '@temporalio/client';
import type { DrillResult } from '../workflows/contract/drill.ts';
import { type ProofStatus, readProofStatus } from './proof-status.ts';
import type { RecentRun } from './runs.ts';

/** How the drills of a job go, as Temporal knows it. */
export type DrillStatus = ProofStatus<ProvenDrill>;

export interface ProvenDrill extends RecentRun {
  /** The backup that was restored. */
  readonly backup?: string;
  /** How long a restore took. */
  readonly rtoMilliseconds?: number;
}

/** Undefined where there is no schedule of drills, and none was ever done. */
export async function readDrillStatus(client: Client, job: string): Promise<DrillStatus | undefined> {
  const status = await readProofStatus(client, 'drill', job);
  if (status?.lastGood === undefined) return status;
  return { ...status, lastGood: await readProven(client, status.lastGood) };
}

async function readProven(client: Client, run: RecentRun): Promise<ProvenDrill> {
  const { backup, rtoMilliseconds } = await client.workflow.result<() => Promise<DrillResult>>(
    run.workflowId,
    run.runId,
  );
  return {
    ...run,
    ...(backup !== undefined && { backup }),
    ...(rtoMilliseconds !== undefined && { rtoMilliseconds }),
  };
}
