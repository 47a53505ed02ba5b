import type { Client } from '@temporalio/client';
import type { Config, JobConfig } from '../../config/config.ts';
import { ensureWatch, readWatch } from '../watch.ts';
import { type StandbyStep, planStandbys, startStandby, stopStandby } from '../standby.ts';
import { establish, notOurs, remove } from './apply.ts';
import { wantedSchedules } from './definition.ts';
import { differences, type ScheduleStep } from './difference.ts';
import { listOwnSchedules, type LiveSchedule, readSchedule } from './live.ts';

/** What stands between Temporal as it is and the configuration. */
export interface Reconciliation {
  readonly schedules: readonly ScheduleStep[];
  readonly standbys: readonly StandbyStep[];
  /** What is to be done about the workflow that sends alarms; absent where there are no channels. */
  readonly watch?: 'start' | 'keep';
}

/** Only looks. */
export async function planReconciliation(client: Client, config: Config): Promise<Reconciliation> {
  const wanted = wantedSchedules(config);
  const ids = new Set([...wanted.map(({ id }) => id), ...(await listOwnSchedules(client))]);
  const live = await Promise.all([...ids].map((id) => readSchedule(client, id)));
  return {
    schedules: differences(
      wanted,
      live.filter((schedule) => schedule !== undefined),
    ),
    standbys: await planStandbys(client, config),
    ...(config.alarms.size > 0 && { watch: (await readWatch(client)).running ? 'keep' : 'start' }),
  };
}

export interface Reconciled {
  /** The schedules as they are now. */
  readonly schedules: readonly LiveSchedule[];
  /** Ids of restore workflows that should stop, and are at work or without a worker that could tell. */
  readonly notStopped: readonly string[];
}

/**
 * Carries the plan out. Removals happen only with `removing`.
 * Throws ScheduleForeign, after everything else is done, where a name was taken.
 */
export async function reconcile(
  client: Client,
  config: Config,
  plan: Reconciliation,
  removing: boolean,
): Promise<Reconciled> {
  const live: LiveSchedule[] = [];
  for (const step of plan.schedules) {
    if (step.kind === 'create' || step.kind === 'change') live.push(await establish(client, step.wanted));
    if (step.kind === 'keep') live.push(step.live);
    if (step.kind === 'remove' && removing) await remove(client, step.live.id);
  }
  const notStopped = await Promise.all(
    plan.standbys.map(async ({ kind, id, job }): Promise<readonly string[]> => {
      const known = config.jobs.get(job);
      if (kind === 'start' && known !== undefined) await startStandby(client, nameOf(known));
      return kind === 'stop' && removing && !(await stopStandby(client, id)) ? [id] : [];
    }),
  );
  if (plan.watch === 'start') await ensureWatch(client);
  const blocked = plan.schedules.find((step) => step.kind === 'blocked');
  if (blocked !== undefined) throw notOurs(blocked.wanted.id);
  return { schedules: live, notStopped: notStopped.flat() };
}

function nameOf({ name, store }: JobConfig): { job: string; store: JobConfig['store']['kind'] } {
  return { job: name, store: store.kind };
}

/** Whether anything would be taken away: Holdfast's own things of jobs that the configuration no longer has. */
export function removals({ schedules, standbys }: Reconciliation): readonly string[] {
  return [
    ...schedules.flatMap((step) => (step.kind === 'remove' ? [step.live.id] : [])),
    ...standbys.flatMap(({ kind, id }) => (kind === 'stop' ? [id] : [])),
  ];
}
