import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import type { FailingChannel, WatchMemo } from '../workflows/contract/alarms.ts';
import { watchMemo, watchWorkflowId } from '../workflows/contract/names.ts';
import { startingWatch } from '../workflows/contract/starting.ts';
import { duration } from './format.ts';

/** What Temporal knows of the workflow that sends alarms. */
export interface WatchView {
  readonly running: boolean;
  readonly failing: readonly FailingChannel[];
}

/** What is wrong with the alarms themselves. */
export interface WatchProblem {
  readonly kind: 'watch missing' | 'channel fails';
  /** Where one channel fails. */
  readonly channel?: string;
  readonly text: string;
}

export async function readWatch(client: Client): Promise<WatchView> {
  try {
    const { status, memo } = await client.workflow.getHandle(watchWorkflowId).describe();
    const said = memo?.[watchMemo] as WatchMemo | undefined;
    return { running: status.name === 'RUNNING', failing: said?.failing ?? [] };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { running: false, failing: [] };
    throw error;
  }
}

/** Nothing where the configuration has no channels. */
export async function readWatchProblems(
  client: Client,
  { alarms }: Pick<Config, 'alarms'>,
): Promise<readonly WatchProblem[]> {
  return alarms.size === 0 ? [] : watchProblemsOf(await readWatch(client), Date.now());
}

export function watchProblemsOf({ running, failing }: WatchView, now: number): readonly WatchProblem[] {
  const missing: WatchProblem = {
    kind: 'watch missing',
    text: `The workflow ${watchWorkflowId} does not run: nobody sends alarms. Each worker starts it within a minute; so does holdfast start-schedule.`,
  };
  return [
    ...(running ? [] : [missing]),
    ...failing.map(({ channel, since, failure }): WatchProblem => {
      const text = `The channel ${channel} has taken no messages for ${duration(Math.max(0, now - Date.parse(since)))}. ${failure.message}`;
      return { kind: 'channel fails', channel, text };
    }),
  ];
}

/** Starts it, unless it runs; gives whether it had to. */
export async function ensureWatch(client: Client): Promise<boolean> {
  if ((await readWatch(client)).running) return false;
  const { type, ...options } = startingWatch();
  await client.workflow.start(type, { ...options, args: [{}], workflowIdConflictPolicy: 'USE_EXISTING' });
  return true;
}
