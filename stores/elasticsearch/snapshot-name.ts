import { HoldfastError } from '../../workflows/contract/errors.ts';
import { timeOfBackupId } from '../../workflows/contract/names.ts';

/** As the snapshots of many a cron job are named already. */
export const defaultSnapshotName = 'YYYY-MM-DD-HH-MM-SS_{name}';

/**
 * The name of a snapshot, from a template: `{name}` (or `<name>`) is the job, `{id}` the backup's id, and `YYYY`, `MM`,
 * `DD`, `HH`, `MM`, `SS` are the parts of its time in UTC; an `MM` after `HH` is minutes. Small letters throughout, as
 * the servers want it. The same job and id give the same name, so that a retried attempt finds its own snapshot.
 *
 * @throws ConfigInvalid where the template gives what a server would refuse
 */
export function snapshotName(template: string, job: string, id: string): string {
  const name = fill(template, job, id).toLowerCase();
  const problem = nameProblem(name);
  if (problem === undefined) return name;
  throw new HoldfastError(
    'ConfigInvalid',
    `Job ${job}: the template ${JSON.stringify(template)} gives the snapshot name ${JSON.stringify(name)}, which ${problem}.`,
  );
}

/** Why a template cannot be used: it must tell jobs and times apart. The text completes “the template …”. */
export function templateProblem(template: string): string | undefined {
  if (!/\{id\}/.test(template)) {
    const seconds = fill(template, '', '20010203T040506Z');
    for (const part of ['2001', '02', '03', '04', '05', '06']) {
      if (!seconds.includes(part)) return 'lacks a part of the time, down to seconds, or {id}';
    }
  }
  if (!/[{<]name[}>]/.test(template)) return 'lacks {name}; two jobs of one repository would collide';
  const problem = nameProblem(fill(template, 'job', '20010203T040506Z').toLowerCase());
  return problem === undefined ? undefined : `gives a name that ${problem}`;
}

function fill(template: string, job: string, id: string): string {
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] =
    /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/.exec(timeOfBackupId(id).toISOString()) ?? [];
  let hourSeen = false;
  return template.replace(/[{<]name[}>]|\{id\}|YYYY|MM|DD|HH|SS/g, (token) => {
    switch (token) {
      case 'YYYY':
        return year;
      case 'MM':
        return hourSeen ? minute : month;
      case 'DD':
        return day;
      case 'HH':
        hourSeen = true;
        return hour;
      case 'SS':
        return second;
      case '{id}':
        return id;
      default:
        return job;
    }
  });
}

/** The rules of the servers. */
function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('_')) return 'begins with an underscore';
  if (Buffer.byteLength(name) > 255) return 'is longer than 255 bytes';
  const bad = /[\s"*\\<|>,/?#{}]/.exec(name)?.[0];
  return bad === undefined ? undefined : `holds ${JSON.stringify(bad)}`;
}
