import { listDrills, readDrill } from '../../storage/drills.ts';
import type { Storage } from '../../storage/storage.ts';
import { duration } from '../format.ts';
import { failed, type Finding, ok, warning } from './finding.ts';

const check = 'drill';

/** How the last drill of a job went, by the evidence that it left in the storage. */
export async function checkDrill(
  storage: Storage,
  job: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const [last] = await listDrills(storage, job, signal);
  if (last === undefined) {
    const text = 'there was none yet: nobody knows whether these backups can be restored';
    return [warning(check, text, `Do one: holdfast drill ${job}; better, on a schedule (docs/drills.md)`)];
  }
  const { outcome, finishedAt, failure } = await readDrill(storage, last, signal);
  const when = duration(Math.max(0, Date.now() - Date.parse(finishedAt)));
  if (outcome === 'proven') return [ok(check, `the last one proved backup ${last.backup}, ${when} ago`)];
  const why = failure === undefined ? '' : `: ${failure.message}`;
  return [
    failed(
      check,
      `the last one failed, ${when} ago${why}`,
      `See holdfast show ${job}; then: holdfast drill ${job}`,
    ),
  ];
}
