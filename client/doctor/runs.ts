import type { Client } from '@temporalio/client';
import type { JobConfig } from '../../config/config.ts';
import { duration } from '../format.ts';
import { type ProblemKind, problemLevels, readJudgedBackup } from '../health.ts';
import { failed, type Finding, ok, warning } from './finding.ts';

/** Said of the schedules, of the newest backup and of the last drill already. */
const elsewhere: readonly ProblemKind[] = [
  ...(['missing schedule', 'paused', 'suspicious'] as const),
  ...(['drill schedule missing', 'drill paused', 'drill failed'] as const),
];

/** How the runs of a job have gone, judged as `holdfast status` judges. */
export async function checkRuns(client: Client, job: JobConfig): Promise<readonly Finding[]> {
  const { status, problems } = await readJudgedBackup(client, job);
  const findings = problems
    .filter(({ kind }) => !elsewhere.includes(kind))
    .map(({ kind, text }) =>
      (problemLevels[kind] === 'critical' ? failed : warning)(
        'runs',
        text,
        `See holdfast status ${job.name}`,
      ),
    );
  if (findings.length > 0) return findings;
  const { lastGood } = status;
  if (lastGood === undefined)
    return [warning('runs', 'none has ended yet', `Try one: holdfast backup ${job.name}`)];
  return [ok('runs', `the last good one ended ${ago(lastGood.endedAt)} ago`)];
}

function ago(time: Date): string {
  return duration(Math.max(0, Date.now() - time.getTime()));
}
