import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ensureWatch } from '../../client/watch.ts';
import type { Log } from '../logging.ts';

/** Milliseconds. */
const interval = 60_000;

/** Starts the watch where it does not run, now and each minute: one that somebody terminated comes back. */
export async function keepWatch(client: Client, log: Log, stopping: AbortSignal): Promise<void> {
  await once(client, log);
  void repeat(client, log, stopping);
}

async function repeat(client: Client, log: Log, stopping: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(interval, undefined, { signal: stopping, ref: false }).catch(() => undefined);
    if (stopping.aborted) return;
    await once(client, log);
  }
}

async function once(client: Client, log: Log): Promise<void> {
  try {
    if (await ensureWatch(client)) log.info('Started the watch, which sends alarms');
  } catch (error) {
    log.warn({ err: error }, 'The watch, which sends alarms, could not be started; it is tried again');
  }
}
