import {
  ApplicationFailure,
  type Client,
  defaultPayloadConverter,
  WorkflowContinuedAsNewError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { DefaultFailureConverter } from '@temporalio/common';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { RestoreInput, RestoreReport, RestoreStatus } from '../workflows/contract/restore.ts';
import { follow } from './follow.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import type { ProgressLine } from './progress.ts';
import { readRestoreStatus } from './restore-status.ts';
import { runFailure } from './run-failure.ts';

/** A request as the restore workflow knows it. */
export interface RequestReference {
  readonly workflowId: string;
  /** The run that was signalled; the request may be carried out by a later one of the chain. */
  readonly runId: string;
  readonly requestId: string;
}

/**
 * Follows a request through the runs of the restore workflow to its report, also while it waits behind others.
 * `look` sees what the workflow says of the request, each second from when it is carried out.
 */
export async function followRequest(
  client: Client,
  io: Io,
  { workflowId, runId: first, requestId }: RequestReference,
  look: (status: RestoreStatus, line: ProgressLine) => Promise<void>,
): Promise<RestoreReport> {
  const announceWait = once(() =>
    say(io, 'Another restore of this job is at work; this request waits for its turn.'),
  );
  for (let runId = first; ;) {
    const run = { workflowId, runId };
    const { report, next, failure } = await follow(
      client,
      io,
      run,
      () => endOfRun(client, workflowId, runId),
      async (line) => {
        const status = await readRestoreStatus(client, workflowId, run.runId);
        if (status?.request?.requestId === requestId) await look(status, line);
        else if (status?.request !== undefined) announceWait();
      },
    );
    if (report?.requestId === requestId) return report;
    if (next === undefined) throw notCarriedOut(failure, report);
    runId = next;
  }
}

/** How one run ended: with a report of the request it carried out, and the run that comes after it. */
interface EndOfRun {
  readonly report?: RestoreReport | undefined;
  readonly next?: string | undefined;
  readonly failure?: unknown;
}

async function endOfRun(client: Client, workflowId: string, runId: string): Promise<EndOfRun> {
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    await handle.result();
  } catch (error) {
    // The server shows a failed run that has a successor as continued, so the history decides, not the error.
    const ended = error instanceof WorkflowContinuedAsNewError || error instanceof WorkflowFailedError;
    if (!ended) throw error;
    const end = endOfHistory(await handle.fetchHistory());
    return error instanceof WorkflowFailedError ? { ...end, failure: runFailure(error, workflowId) } : end;
  }
  return {};
}

/** A run hands its report to the next one; one that fails has it in its failure. */
function endOfHistory({ events }: Awaited<ReturnType<WorkflowHandle['fetchHistory']>>): EndOfRun {
  const last = events?.at(-1);
  const continued = last?.workflowExecutionContinuedAsNewEventAttributes;
  if (continued) {
    const input = continued.input?.payloads?.[0];
    const report = input && defaultPayloadConverter.fromPayload<RestoreInput>(input).last;
    return { report, next: continued.newExecutionRunId ?? undefined };
  }
  const failed = last?.workflowExecutionFailedEventAttributes;
  if (!failed?.failure) return {};
  const failure = new DefaultFailureConverter().failureToError(failed.failure, defaultPayloadConverter);
  const report = failure instanceof ApplicationFailure ? failure.details?.[0] : undefined;
  return { report: report as RestoreReport | undefined, failure };
}

function notCarriedOut(failure: unknown, other: RestoreReport | undefined): unknown {
  if (other === undefined) return failure ?? new Error('The restore workflow has ended without a word.');
  return new HoldfastError(
    'NotApproved',
    `The request waited behind restore ${other.restoreId}, which failed; so it was not carried out, and nothing was ` +
      'changed for it. Look at the store, and request it again.',
    { cause: failure },
  );
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
