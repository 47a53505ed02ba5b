import { setTimeout as sleep } from 'node:timers/promises';
import { S3Failure } from './failure.ts';

/** How often a request is made at most, and the delays between, in milliseconds. */
export interface Patience {
  readonly attempts: number;
  readonly firstDelay: number;
  readonly maxDelay: number;
}

export interface Patiences {
  /** For single requests, behind which somebody may wait: about three seconds. */
  readonly brief: Patience;
  /** For the parts of a transfer, which would otherwise start from the beginning: about a minute and a half. */
  readonly long: Patience;
}

export const defaultPatiences: Patiences = {
  brief: { attempts: 5, firstDelay: 200, maxDelay: 20_000 },
  long: { attempts: 12, firstDelay: 200, maxDelay: 20_000 },
};

/** Every request is made again at most so often; where nobody says how often, as always. */
export function withRetries(retries: number | undefined): Patiences {
  if (retries === undefined) return defaultPatiences;
  const attempts = retries + 1;
  return { brief: { ...defaultPatiences.brief, attempts }, long: { ...defaultPatiences.long, attempts } };
}

const briefly = 2;

/** Makes attempts until one succeeds, fails for good, or patience ends. An abort ends it with the signal's reason. */
export async function persist<T>(
  patience: Patience,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let made = 1; ; made++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      // An abort shows as many errors, of which only its reason tells anything.
      signal?.throwIfAborted();
      if (made >= attemptsFor(error, patience)) throw error;
    }
    await pause(delayAfter(made, patience), signal);
  }
}

function attemptsFor(error: unknown, patience: Patience): number {
  if (!(error instanceof S3Failure)) return 1;
  return { no: 1, briefly: Math.min(briefly, patience.attempts), yes: patience.attempts }[error.again];
}

/** Doubles, with jitter, so that the parts of an upload do not all come back at once. */
function delayAfter(made: number, { firstDelay, maxDelay }: Patience): number {
  const delay = Math.min(maxDelay, firstDelay * 2 ** (made - 1));
  return delay * (0.5 + Math.random() / 2);
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
