import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { restoreMessages, restoreWorkflowId } from '../workflows/contract/names.ts';
import type { Approval, Decided, Refusal } from '../workflows/contract/restore.ts';
import type { Io } from './io.ts';
import { sendUpdate } from './update.ts';
import { whoAmI } from './who-am-i.ts';

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
  try {
    const where = { workflowId: restoreWorkflowId(job), update, what: 'the decision' };
    return await sendUpdate<Decided>(client, io, where, message);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) {
      const message = `No plan of ${job} waits for a decision: no restore workflow stands by for it.`;
      throw new HoldfastError('PlanChanged', message, { cause: error });
    }
    throw error;
  }
}
