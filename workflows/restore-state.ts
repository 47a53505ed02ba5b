import { log, workflowInfo } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type {
  Plan,
  RestoreInput,
  RestorePhase,
  RestoreReport,
  RestoreRequest,
  RestoreStatus,
} from './contract/restore.ts';

/** A request with the id that tells it from others. */
export type Requested = RestoreRequest & { readonly requestId: string };

export interface Decision {
  readonly approved: boolean;
  readonly by?: string;
  readonly reason?: string;
}

/** What one run of the workflow `restore` knows; its handlers and its steps share it. */
export interface RestoreState {
  readonly job: string;
  phase: RestorePhase;
  current?: Requested;
  restoreId?: string;
  plan?: Plan;
  decision?: Decision;
  /** Requests that came while another one was at work. */
  readonly pending: Requested[];
  /** How the run before this one ended. */
  readonly last?: RestoreReport;
  /** What came and was not heeded, for people: the latest ten. */
  readonly notes: string[];
}

export function initialState({ job, last }: RestoreInput): RestoreState {
  const failed = lastFailed();
  return {
    job,
    phase: 'standing by',
    pending: [],
    notes: [],
    ...((failed ?? last) && { last: failed ?? last }),
  };
}

/** The report that a failed run put into its failure. */
function lastFailed(): RestoreReport | undefined {
  const { lastFailure } = workflowInfo();
  if (!(lastFailure instanceof ApplicationFailure)) return undefined;
  return lastFailure.details?.[0] as RestoreReport | undefined;
}

export function statusOf({ phase, current, restoreId, plan, pending, last }: RestoreState): RestoreStatus {
  return {
    phase,
    ...(current && { request: current }),
    ...(restoreId !== undefined && { restoreId }),
    ...(plan && { plan }),
    pending: pending.length,
    ...(last && { last }),
  };
}

export function note(state: RestoreState, text: string): void {
  log.warn(text, { job: state.job });
  state.notes.push(text);
  if (state.notes.length > 10) state.notes.shift();
}
