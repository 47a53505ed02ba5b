import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { JobDescription } from '../workflows/contract/backup.ts';
import { controlQueue, memoFields, workflowTypes } from '../workflows/contract/names.ts';
import { attributeKeys } from '../workflows/contract/starting.ts';
import { describeJob } from './describe-job.ts';
import type { Step } from './step.ts';

/**
 * Backups and restores of one store keep out of each other's way by what they say of themselves in their memos. A run
 * that has ended, also one that somebody terminated, says nothing any more: so nothing has to be cleared up after it.
 *
 * Temporal's list may lag behind by a second. A restore therefore looks twice, the second time two seconds after it
 * has said what it writes to: a backup that started without seeing that is in the list by then.
 */
const listLag = 2000;

/** What the workflows need to know of a job, and for whom they have to wait. */
export async function describeJobWithTurn(
  step: Step,
  input: { readonly job: string },
): Promise<JobDescription> {
  const description = await describeJob(step, input);
  const restoring = await restoreOf(Context.current().client, input.job);
  const { deadline } = description;
  return { ...description, turnTimeout: deadline, ...(restoring !== undefined && { restoring }) };
}

/** The runs that read the store of this job at this moment, and do not wait themselves. */
export async function backupsAtWork(
  { signal }: Step,
  { job }: { readonly job: string },
): Promise<readonly string[]> {
  const { client } = Context.current();
  await sleep(listLag, undefined, { signal });
  const running = await runningOf(client, workflowTypes.backup, `${attributeKeys.job.name} = '${job}'`);
  return running.flatMap(({ workflowId, memo }) =>
    memo[memoFields.waitsFor] === undefined ? [workflowId] : [],
  );
}

/** The restore, of whichever job, that writes to the store of this one. */
async function restoreOf(client: Client, job: string): Promise<string | undefined> {
  const running = await runningOf(client, workflowTypes.restore);
  return running.find(({ memo }) => memo[memoFields.writes] === job)?.workflowId;
}

interface Running {
  readonly workflowId: string;
  readonly memo: Readonly<Record<string, unknown>>;
}

/** Each is asked for by itself, since the list's memos lag behind. */
async function runningOf(client: Client, type: string, condition?: string): Promise<readonly Running[]> {
  const query = [
    `WorkflowType = '${type}'`,
    `TaskQueue = '${controlQueue}'`,
    `ExecutionStatus = 'Running'`,
    ...(condition === undefined ? [] : [condition]),
  ].join(' AND ');
  const listed = await Array.fromAsync(client.workflow.list({ query }));
  const described = await Promise.all(
    listed.map(async ({ workflowId, runId }) => client.workflow.getHandle(workflowId, runId).describe()),
  );
  return described
    .filter(({ status }) => status.name === 'RUNNING')
    .map(({ workflowId, memo }) => ({ workflowId, memo: memo ?? {} }));
}
