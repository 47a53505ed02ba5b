import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until the next second has begun: ids of backups are to the second. A timer may fire up to a millisecond early,
 * and a run with the id of the one before is answered with what that one did.
 */
export async function nextSecond(): Promise<void> {
  const begins = (Math.floor(Date.now() / 1000) + 1) * 1000;
  while (Date.now() < begins) await sleep(begins - Date.now());
}
