import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import type { Failure } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { named } from './failure.ts';

/** What a failed run says of itself, in the words of the catalogue; every other error passes as it is. */
export function runFailure(error: unknown, workflowId: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  for (let at: unknown = error.cause; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) return named(at.type, at.message, error);
    if (at instanceof CancelledFailure) {
      return new HoldfastError('RunCancelled', `${workflowId} was cancelled.`, { cause: error });
    }
    if (at instanceof TerminatedFailure) {
      return new HoldfastError('RunCancelled', `${workflowId} was terminated: ${at.message}`, {
        cause: error,
      });
    }
  }
  return error;
}

/** What a failed run says of itself, as a document carries it. */
export function failureDocument(error: WorkflowFailedError, workflowId: string): Failure {
  const failure = runFailure(error, workflowId);
  if (failure instanceof HoldfastError) return { code: failure.code, message: failure.message };
  return { code: 'Unexpected', message: failure instanceof Error ? failure.message : String(failure) };
}

/** What a failed run says besides, in the details of its failure. */
export function failureDetails(error: unknown): readonly unknown[] | undefined {
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure))
    return undefined;
  return error.cause.details ?? undefined;
}
