import { ApplicationFailure, type Client, WorkflowUpdateFailedError } from '@temporalio/client';
import { named } from './failure.ts';
import { patiently } from './follow.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';

/** Milliseconds after which an update without an answer is worth a word. */
const patience = 5000;

/** Sends an update to a workflow, and waits for its answer: until a worker is there, if need be. */
export async function sendUpdate<Answer>(
  client: Client,
  io: Io,
  { workflowId, update, what }: { workflowId: string; update: string; what: string },
  argument: object,
): Promise<Answer> {
  const handle = client.workflow.getHandle(workflowId);
  const signal = AbortSignal.any([io.signal]);
  const hint = setTimeout(
    () => say(io, `No worker answers yet; ${what} waits for one. Start it with \`npm run worker\`.`),
    patience,
  );
  try {
    return await patiently(io, () =>
      client.connection.withAbortSignal(signal, () =>
        handle.executeUpdate<Answer, [object]>(update, { args: [argument] }),
      ),
    );
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
      throw named(error.cause.type, error.cause.message, error);
    }
    throw error;
  } finally {
    clearTimeout(hint);
  }
}
