/**
 * Where things are within a storage. These names are a promise: people and other programs read them.
 *
 *   <job>/<backup id>/manifest.json
 *   <job>/<backup id>/records.ndjson.zst[.age]
 *   <job>/<backup id>/drills/<drill id>.json    evidence; it goes with the backup
 *   <job>/restores/<restore id>/plan.ndjson.zst, report.json
 *   <job>/<run id>/stdout.log, stderr.log    of a task; stdout.2.log of its second attempt
 *   <job>/slices/3-of-7.json                 when a verification has read that part of all backups
 *   <job>/marks/<backup id>.pinned.json, .trusted.json, .damaged.json
 */

/** The folder of a job, with its slash. */
export function jobFolder(job: string): string {
  return `${job}/`;
}

/** The folder of a backup, with its slash. */
export function backupFolder(job: string, id: string): string {
  return `${job}/${id}/`;
}

export function manifestName(job: string, id: string): string {
  return `${job}/${id}/manifest.json`;
}

/** The name within the storage of what is named relative to the job's folder (`DataObject.name`, `Plan.object`). */
export function objectName(job: string, name: string): string {
  return `${job}/${name}`;
}

/** The folder of what is said of the backups of a job, with its slash. */
export function marksFolder(job: string): string {
  return `${job}/marks/`;
}

/** The evidence of a drill. */
export function drillName(job: string, backup: string, drillId: string): string {
  return `${backupFolder(job, backup)}drills/${drillId}.json`;
}

/** The folder of all restores of a job, with its slash. */
export function restoresFolder(job: string): string {
  return `${job}/restores/`;
}

/** The folder of what verifications have read, with its slash. */
export function slicesFolder(job: string): string {
  return `${job}/slices/`;
}

/** The folder of a restore, with its slash. */
export function restoreFolder(job: string, restoreId: string): string {
  return `${job}/restores/${restoreId}/`;
}

export function taskOutputName(
  job: string,
  id: string,
  stream: 'stdout' | 'stderr',
  attempt: number,
): string {
  return `${job}/${id}/${stream}${attempt > 1 ? `.${attempt}` : ''}.log`;
}
