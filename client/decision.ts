import {
  ApplicationFailure,
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { restoreMessages, restoreWorkflowId } from '../workflows/contract/names.ts';
import type { Approval, Decided, Refusal } from '../workflows/contract/restore.ts';
import { patiently } from './follow.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import { whoAmI } from './who-am-i.ts';
import { named } from './failure.ts';

/** Milliseconds after which a decision without an answer is worth a word. */
const patience = 5000;

/** Approves the plan that waits. Throws PlanChanged where it is another one, or none waits. */
export async function approve(client: Client, io: Io, job: string, digest: string): Promise<Decided> {
  const approval: Approval = { digest, by: whoAmI(io) };
  return send(client, io, job, restoreMessages.approve, approval);
}

/** Declines the plan that waits. Throws PlanChanged where none waits. */
export async function decline(client: Client, io: Io, job: string, reason?: string): Promise<Decided> {
  const refusal: Refusal = { by: whoAmI(io), ...(reason !== undefined && { reason }) };
  return send(client, io, job, restoreMessages.decline, refusal);
}

async function send(
  client: Client,
  io: Io,
  job: string,
  update: string,
  message: Approval | Refusal,
): Promise<Decided> {
  const handle = client.workflow.getHandle(restoreWorkflowId(job));
  const signal = AbortSignal.any([io.signal]);
  const hint = setTimeout(
    () => say(io, `No worker answers yet; the decision waits for one. Start it with \`npm run worker\`.`),
    patience,
  );
  try {
    return await patiently(io, () =>
      client.connection.withAbortSignal(signal, () =>
        handle.executeUpdate<Decided, [Approval | Refusal]>(update, { args: [message] }),
      ),
    );
  } catch (error) {
    io.signal.throwIfAborted();
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
      throw named(error.cause.type, error.cause.message, error);
    }
    if (error instanceof WorkflowNotFoundError) {
      const message = `No plan of ${job} waits for a decision: no restore workflow stands by for it.`;
      throw new HoldfastError('PlanChanged', message, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(hint);
  }
}
