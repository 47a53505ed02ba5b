import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Failure } from './contract/backup.ts';
import { catalogue, type ErrorCode } from './contract/errors.ts';

/** What went wrong, in the words of the catalogue, out of the wrappings that Temporal puts around it. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) {
    const cause = failureOf(error.cause);
    if (error.retryState !== 'TIMEOUT' || cause.code === 'DeadlineExceeded') return cause;
    return {
      code: 'DeadlineExceeded',
      message: `Time ran out while trying again; the last error (${cause.code}): ${cause.message}`,
    };
  }
  if (error instanceof TimeoutFailure) return timeout(error);
  if (error instanceof ApplicationFailure) {
    return { code: isCode(error.type) ? error.type : 'Unexpected', message: error.message };
  }
  return { code: 'Unexpected', message: error instanceof Error ? error.message : String(error) };
}

function timeout(error: TimeoutFailure): Failure {
  if (error.timeoutType === 'SCHEDULE_TO_START')
    return { code: 'NoWorker', message: 'No worker that may do it took it in time.' };
  const last = error.cause === undefined ? undefined : failureOf(error.cause);
  const after = last === undefined ? '' : `; the last error (${last.code}): ${last.message}`;
  const silent = error.timeoutType === 'HEARTBEAT' ? ' (its worker fell silent)' : '';
  return { code: 'DeadlineExceeded', message: `Time ran out${silent}${after}` };
}

export function isCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(catalogue, text);
}

/** What a person is told of a failure: what it means and what to do. */
export function advice({ code }: Failure): string {
  if (code === 'Unexpected') return 'This is not in the catalogue of errors: please report it.';
  return `${catalogue[code].meaning} ${catalogue[code].action}`;
}

/** How far an activity came before it obeyed its cancellation, where it said so. */
export function doneBeforeCancellation(error: unknown): unknown {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof CancelledFailure)) return undefined;
  return error.cause.details[0];
}
