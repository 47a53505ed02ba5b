import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  ScheduleNotFoundError,
} from '@temporalio/client';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { overlap, pauseOnFailure, type WantedSchedule } from './definition.ts';
import { stepFor } from './difference.ts';
import { cronMemo, type LiveSchedule, ownerMemo, readSchedule, timesDigest, timesMemo } from './live.ts';
import { scheduleSpec } from './times.ts';

const attempts = 3;

/**
 * Makes the schedule what it should be, and reads it back as proof: the server drops an update without a word
 * where somebody else changes the schedule at the same time. Pause and note stay as they are.
 * Throws ConfigInvalid for a time zone that Temporal does not know.
 */
export async function establish(client: Client, wanted: WantedSchedule): Promise<LiveSchedule> {
  const handle = client.schedule.getHandle(wanted.id);
  for (let attempt = 0; ; attempt++) {
    const step = stepFor(wanted, await readSchedule(client, wanted.id));
    switch (step.kind) {
      case 'keep':
        return step.live;
      case 'create':
        if (attempt < attempts) await create(client, wanted);
        break;
      case 'change':
        if (attempt < attempts) await change(handle, wanted);
        break;
      case 'blocked':
      case 'remove':
        throw notOurs(wanted.id);
    }
    if (attempt >= attempts) {
      throw new Error(
        `The schedule ${wanted.id} does not keep what is written to it; somebody else changes it.`,
      );
    }
  }
}

/** Runs that it has started go on. */
export async function remove(client: Client, id: string): Promise<void> {
  try {
    await client.schedule.getHandle(id).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

export function notOurs(id: string): HoldfastError {
  return new HoldfastError(
    'ScheduleForeign',
    `The schedule ${id} was not made by Holdfast, so it was left alone.`,
  );
}

async function create(client: Client, wanted: WantedSchedule): Promise<void> {
  try {
    const handle = await client.schedule.create({
      scheduleId: wanted.id,
      spec: scheduleSpec(wanted.settings),
      policies: policiesOf(wanted),
      action: wanted.action,
      memo: { [ownerMemo]: wanted.job },
    });
    await seal(handle, wanted);
  } catch (error) {
    // Somebody was faster: the next attempt looks at theirs.
    if (!(error instanceof ScheduleAlreadyRunning)) throw named(error, wanted);
  }
}

async function change(handle: ScheduleHandle, wanted: WantedSchedule): Promise<void> {
  try {
    await handle.update(({ state }) => ({
      spec: scheduleSpec(wanted.settings),
      policies: policiesOf(wanted),
      action: wanted.action,
      state,
    }));
    await seal(handle, wanted);
  } catch (error) {
    throw named(error, wanted);
  }
}

/** Notes down what the server compiled the cron text to; until then the schedule counts as edited by hand. */
async function seal(handle: ScheduleHandle, wanted: WantedSchedule): Promise<void> {
  await handle.update(({ spec, policies, state }) => ({
    spec,
    policies,
    state,
    action: {
      ...wanted.action,
      memo: { [cronMemo]: wanted.fields.cron, [timesMemo]: timesDigest(spec) },
    },
  }));
}

function policiesOf({ settings }: WantedSchedule) {
  return { overlap, catchupWindow: settings.catchup, pauseOnFailure } as const;
}

/** The SDK gives the server's complaint about a spec as a TypeError. */
function named(error: unknown, { job, settings }: WantedSchedule): unknown {
  if (!(error instanceof TypeError)) return error;
  return new HoldfastError(
    'ConfigInvalid',
    `Temporal does not take the schedule of job "${job}" (${settings.cron}, ${settings.timezone}): ${error.message}`,
    { cause: error },
  );
}
