import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Client } from '@temporalio/client';
import type { Phase, Step } from '../../activities/step.ts';
import type { Observation, ObserveInput } from '../../workflows/contract/alarms.ts';
import { lookAtAll, readNewestEnd } from './look.ts';

/** Milliseconds between two looks. */
export interface Pace {
  /** At whether any run has ended. */
  readonly glance: number;
  /** At everything, also where none has: schedules that were paused, and runs that did not come. */
  readonly look: number;
}

export const usualPace: Pace = { glance: 5000, look: 60_000 };

/**
 * Looks at all jobs until something is otherwise than the workflow knows. One activity that waits costs Temporal's
 * history less than a workflow that asks each minute, and tells within seconds.
 */
export function createObserve(client: Client, pace: Pace, stopping: AbortSignal) {
  return async (step: Step<Phase>, input: ObserveInput): Promise<Observation> => {
    const end = performance.now() + input.patience;
    for (let first = true; ; first = false) {
      const newest = await readNewestEnd(client);
      const observation = await lookAtAll(client, step.config, input.seen);
      step.onProgress({ phase: 'watching' });
      if (hasChanged(observation, input, first) || performance.now() >= end || stopping.aborted)
        return observation;
      const until = Math.min(end, performance.now() + pace.look);
      await untilWorthALook(client, newest, until, pace, AbortSignal.any([step.signal, stopping]));
      step.signal.throwIfAborted();
    }
  };
}

/** Other channels are news at a later look: two workers with different files would otherwise answer each other at once. */
function hasChanged(
  { alarms, endings, seen, channels }: Observation,
  input: ObserveInput,
  first: boolean,
): boolean {
  const keys = alarms.map(({ key }) => key).sort();
  return (
    endings.length > 0 ||
    !isDeepStrictEqual(keys, [...input.known].sort()) ||
    !isDeepStrictEqual(seen, input.seen) ||
    ((!first || input.channels.length === 0) && !isDeepStrictEqual(channels, input.channels))
  );
}

/** Ends early where a run has ended, and where the worker stops. */
async function untilWorthALook(
  client: Client,
  newest: string,
  until: number,
  { glance }: Pace,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const pause = Math.min(glance, until - performance.now());
    if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || performance.now() >= until || (await readNewestEnd(client)) !== newest) return;
  }
}
