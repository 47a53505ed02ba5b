import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { TaskConfig } from '../config/config.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { backupId, taskScheduleId } from '../workflows/contract/names.ts';
import { startingTask } from '../workflows/contract/starting.ts';
import type { TaskInput } from '../workflows/contract/task.ts';
import { readSchedule } from './schedules/live.ts';
import { startWithFreeId } from './start-run.ts';
import { readTaskStatus } from './task-status.ts';

export interface StartedTask {
  readonly id: string;
  readonly workflowId: string;
}

/**
 * Starts a task unless it is at work. Where it has a schedule, that starts it: it alone knows of every run, so neither
 * its next one nor another person's comes beside this one.
 *
 * @throws BadRequest where the task is at work
 */
export async function startTask(client: Client, task: TaskConfig): Promise<StartedTask> {
  const schedule = await readSchedule(client, taskScheduleId(task.name));
  return schedule?.job === task.name ? trigger(client, task) : start(client, task);
}

/** Temporal only takes note of a trigger, so what became of it is seen afterwards. */
async function trigger(client: Client, task: TaskConfig): Promise<StartedTask> {
  const handle = client.schedule.getHandle(taskScheduleId(task.name));
  const { info: before } = await handle.describe();
  const known = new Set(before.recentActions.map(({ action }) => action.workflow.workflowId));
  await handle.trigger('SKIP');
  for (;;) {
    const { info } = await handle.describe();
    for (const { action } of info.recentActions) {
      const { workflowId } = action.workflow;
      if (!known.has(workflowId)) return { id: idIn(task.name, workflowId), workflowId };
    }
    if (info.numActionsSkippedOverlap > before.numActionsSkippedOverlap) {
      throw atWork(task.name, info.runningActions[0]?.workflow.workflowId);
    }
    await sleep(100);
  }
}

function idIn(job: string, workflowId: string): string {
  return backupId(new Date(workflowId.slice(`task-${job}-`.length)));
}

async function start(client: Client, task: TaskConfig): Promise<StartedTask> {
  const { name: job, work } = task;
  const [running] = (await readTaskStatus(client, task)).running;
  if (running !== undefined) throw atWork(job, running.workflowId);
  const { id, handle } = await startWithFreeId(client, (id) => {
    const input: TaskInput = { job, id };
    return { starting: startingTask({ job, kind: work.kind }, id, 'manual task'), input };
  });
  return { id, workflowId: handle.workflowId };
}

function atWork(job: string, workflowId: string | undefined): HoldfastError {
  const which = workflowId === undefined ? '' : ` (workflow ${workflowId})`;
  return new HoldfastError(
    'BadRequest',
    `Task ${job} is at work${which}, and is never run beside itself. Wait for its end, or cancel it.`,
  );
}
