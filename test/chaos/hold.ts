import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy, Rule } from '../storage/fault-proxy.ts';

/** Requests that wait at a proxy: the moment at which something is to happen. */
export interface Hold {
  /** Resolves when the first one waits. */
  readonly reached: Promise<void>;
  /** Lets those that wait go on, and later ones pass. */
  readonly release: () => void;
}

/** Holds back what matches. The server sees nothing of it until it is released. */
export function hold(proxy: FaultProxy, rule: Omit<Rule, 'fault'>): Hold {
  const reached = Promise.withResolvers<undefined>();
  const free = Promise.withResolvers<undefined>();
  proxy.inject({
    ...rule,
    fault: {
      meanwhile: () => {
        reached.resolve(undefined);
        return free.promise;
      },
    },
  });
  return { reached: reached.promise, release: () => free.resolve(undefined) };
}

/** Looks until it gives something other than `undefined`. Never ends by itself: the test's time does. */
export async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
}
