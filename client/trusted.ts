import { listMarks } from '../storage/marks.ts';
import { openStorage } from '../storage/open.ts';
import type { StorageSettings } from '../storage/settings.ts';

/** Milliseconds that the storage has to answer. */
const patience = 3000;

/** Whether somebody said that this backup is to be trusted; not where the storage does not tell. */
export async function isTrusted(settings: StorageSettings, job: string, id: string): Promise<boolean> {
  const storage = openStorage(settings);
  try {
    const marks = await listMarks(storage, job, AbortSignal.timeout(patience));
    return marks.get(id)?.has('trusted') === true;
  } catch {
    return false;
  } finally {
    await storage.close();
  }
}
