import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { restoreWorkflowId } from '../../workflows/contract/names.ts';
import { duration } from '../format.ts';
import { stepFor } from '../schedules/difference.ts';
import { type WantedSchedule, wantedSchedules } from '../schedules/definition.ts';
import { readSchedule } from '../schedules/live.ts';
import { planStandbys } from '../standby.ts';
import { failed, type Finding, ok, warning } from './finding.ts';

const check = 'schedule';

/** Whether the schedules of a job are there, run, and are what the configuration says. */
export async function checkSchedules(
  client: Client,
  config: Config,
  job: string,
): Promise<readonly Finding[]> {
  const wanted = wantedSchedules(config).filter((schedule) => schedule.job === job);
  const findings = await Promise.all(wanted.map((schedule) => checkSchedule(client, schedule)));
  if (config.jobs.get(job)?.schedule !== undefined) return findings;
  const text = 'the job has none: backups are made by hand alone';
  return [warning(check, text, 'Give the job a `schedule`, and run holdfast start-schedule.'), ...findings];
}

async function checkSchedule(client: Client, wanted: WantedSchedule): Promise<Finding> {
  const { id, job } = wanted;
  const live = await readSchedule(client, id);
  const step = stepFor(wanted, live);
  switch (step.kind) {
    case 'create':
      return failed(check, `${id} is not there`, 'Make it: holdfast start-schedule');
    case 'blocked':
      return failed(
        check,
        `${id} is there, and Holdfast did not make it`,
        `Delete or rename it, or rename the job ${job}; then: holdfast start-schedule`,
      );
    case 'change': {
      const changes = step.changes.map(({ field, from, to }) => `${field} is ${from}, not ${to}`).join('; ');
      return failed(
        check,
        `${id} is not what the configuration says: ${changes}`,
        'Set it right: holdfast start-schedule',
      );
    }
    case 'keep':
    case 'remove': {
      if (live?.paused === true) {
        const why = live.note === '' ? '' : ` (${live.note})`;
        return failed(
          check,
          `${id} is paused${why}`,
          `Let it go on: temporal schedule toggle --unpause --schedule-id ${id}`,
        );
      }
      const [next] = live?.nextRuns ?? [];
      const when = next === undefined ? 'never' : `in ${duration(Math.max(0, next.getTime() - Date.now()))}`;
      return ok(check, `${id}: ${wanted.fields.cron} ${wanted.fields['time zone']}, next ${when}`);
    }
  }
}

/** Whether the restore workflow of a job stands by for a signal. */
export async function checkStandby(client: Client, config: Config, job: string): Promise<readonly Finding[]> {
  const steps = await planStandbys(client, config);
  const id = restoreWorkflowId(job);
  if (steps.find((step) => step.id === id)?.kind === 'keep') return [ok('restore', `${id} stands by`)];
  const text = `${id} does not stand by: a signal from the Temporal UI would reach nobody`;
  return [warning('restore', text, 'Let it: holdfast start-schedule (holdfast restore starts it by itself)')];
}
