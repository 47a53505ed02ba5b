import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import { tidying } from './activities.ts';
import type { Failure } from './contract/backup.ts';
import type { RestoreInput, RestoreReport } from './contract/restore.ts';
import { failureOf } from './failure.ts';
import { showCancelled, showReport, showRestore } from './restore-details.ts';
import { receive, setRestoreHandlers } from './restore-handlers.ts';
import { initialState, type Requested, type RestoreState } from './restore-state.ts';
import { carryOut, type Findings, newFindings } from './restore-steps.ts';

/**
 * Stands by for a job; carries out one request; continues as new to stand by again, so that each closed run in the
 * list is one restore.
 *
 * A restore that fails ends its run as Failed, with a retryable failure: the server then starts the next run by the
 * retry policy (contract/starting.ts). That run gets the very input of the failed one, so requests carried in it
 * would be carried out again: they are taken only by a first attempt. Requests that waited behind a failed restore
 * are named in its failure and not carried out: they were made for a store that is now in another state than their
 * makers believed.
 */
export async function restore(input: RestoreInput): Promise<void> {
  const state = initialState(input);
  setRestoreHandlers(state, () => showRestore(state));
  if (workflowInfo().attempt === 1) for (const request of input.pending ?? []) receive(state, request);
  showRestore(state);
  try {
    await serve(input, state);
  } catch (error) {
    if (isCancellation(error)) showCancelled(state);
    throw error;
  }
}

async function serve(input: RestoreInput, state: RestoreState): Promise<void> {
  await condition(() => state.pending.length > 0 || workflowInfo().continueAsNewSuggested);
  const request = state.pending.shift();
  const report = request === undefined ? state.last : await carryOutAndReport(state, request);

  await condition(allHandlersFinished);
  await continueAsNew<typeof restore>({
    job: input.job,
    pending: state.pending,
    ...(report && { last: report }),
  });
}

async function carryOutAndReport(state: RestoreState, request: Requested): Promise<RestoreReport> {
  state.current = request;
  const findings = newFindings(request);
  try {
    const report = await carryOut(state, request, findings);
    await record(state.job, report);
    showReport(report);
    return report;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return fail(state, findings, error);
  }
}

async function fail(state: RestoreState, findings: Findings, error: unknown): Promise<never> {
  const failure = failureOf(error);
  const report: RestoreReport = {
    ...findings,
    outcome: 'failed',
    failure,
    finishedAt: new Date().toISOString(),
  };
  showReport(report);
  // Without a plan there is nothing beside which the report could stand, and the failure tells all.
  if (findings.plan !== undefined) await CancellationScope.nonCancellable(() => record(state.job, report));
  throw ApplicationFailure.create({
    message: failureMessage(state, findings, failure),
    type: failure.code,
    details: [report],
    ...(error instanceof Error && { cause: error }),
  });
}

function failureMessage({ job, pending }: RestoreState, { backup }: Findings, failure: Failure): string {
  const message = `Restore of ${job} from ${backup}: ${failure.message}`;
  if (pending.length === 0) return message;
  const waiting = pending.map(({ requestId }) => requestId).join(', ');
  return `${message} Requests that waited behind it are not carried out: ${waiting}.`;
}

/** The report is in the run as well: that it cannot be kept in the storage does not undo a restore. */
async function record(job: string, report: RestoreReport): Promise<void> {
  try {
    await tidying.recordRestore.executeWithOptions({ summary: `store the report: ${report.outcome}` }, [
      { job, report },
    ]);
  } catch (error) {
    log.warn('The report of the restore could not be stored', { job, ...failureOf(error) });
  }
}
