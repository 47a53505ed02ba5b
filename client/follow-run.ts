import type { Client } from '@temporalio/client';
import { follow } from './follow.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import { failureDetails, runFailure } from './run-failure.ts';

export interface FollowedRun<Result> {
  readonly workflowId: string;
  /** For people: what goes on when nobody follows it any more. */
  readonly what: 'backup' | 'drill' | 'task';
  /** The result that a run which failed has in its details; absent where such a run has none. */
  readonly resultIn?: (details: readonly unknown[] | undefined) => Result | undefined;
}

/** Follows a run to its end and shows its result, also that of a run that failed; it then fails as the run did. */
export async function followRun<Result>(
  client: Client,
  io: Io,
  { workflowId, what, resultIn }: FollowedRun<Result>,
  show: (result: Result) => Promise<void>,
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    await show(await follow(client, io, { workflowId }, () => handle.result() as Promise<Result>));
  } catch (error) {
    if (io.signal.aborted) {
      say(
        io,
        `\nThe ${what} goes on. Look at it: holdfast status. Stop it: temporal workflow cancel --workflow-id '${workflowId}'`,
      );
      throw io.signal.reason;
    }
    const result = resultIn?.(failureDetails(error));
    if (result !== undefined) await show(result);
    throw runFailure(error, workflowId);
  }
}
