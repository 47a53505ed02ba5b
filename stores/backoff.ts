import { setTimeout } from 'node:timers/promises';
import { HoldfastError } from '../workflows/contract/errors.ts';

const mostAttempts = 10;
const shortest = 100;
const longest = 5_000;

/**
 * Tries again what failed in passing, waiting longer each time: some 25 seconds in all, enough for the election of a
 * leader. What lasts longer is left to the caller's retries.
 */
export async function patiently<T>(
  signal: AbortSignal,
  action: () => Promise<T>,
  canHelp = (error: HoldfastError): boolean => error.retryable,
  attempts = mostAttempts,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HoldfastError) || !canHelp(error) || attempt === attempts) throw error;
      const pause = Math.min(longest, shortest * 2 ** (attempt - 1));
      // Half of it by chance, so that lanes that failed together do not come back together.
      await setTimeout(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
    }
  }
}
