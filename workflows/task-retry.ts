import type { Failure } from './contract/backup.ts';

/** Whether a task that failed so may succeed when it is run again. */
export function mayHelpToRunAgain({ code }: Failure): boolean {
  return ['TaskFailed', 'TaskInterrupted', 'TaskNotStarted'].includes(code);
}

/** Milliseconds to wait after an attempt, which is counted from 1. */
export function pauseAfter(attempt: number): number {
  return Math.min(1000 * 2 ** (attempt - 1), 60_000);
}
