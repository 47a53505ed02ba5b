import type { MetricMeter, MetricTags } from '@temporalio/common';
import { problemKinds } from '../../client/health.ts';
import { isTask, type JudgedJob, type State } from '../status/state.ts';

interface Gauge {
  readonly help: string;
  /** What is known of a job; undefined where there is nothing to say. */
  readonly value: (judged: JudgedJob) => number | undefined;
}

const seconds = (time: Date | undefined): number | undefined => time && time.getTime() / 1000;

/** What Temporal knows of each job, with the labels `job_name` and `kind`. docs/monitoring.md describes them all. */
export const jobGauges: Readonly<Record<string, Gauge>> = {
  holdfast_job_healthy: {
    help: '1 where nothing is wrong with the job, as its status page says it; else 0.',
    value: ({ problems }) => (problems.length === 0 ? 1 : 0),
  },
  holdfast_job_running: {
    help: 'Runs of the job that are at work.',
    value: ({ status }) => status.running.length,
  },
  holdfast_job_last_success_timestamp_seconds: {
    help: 'When the last run that ended well ended, in seconds since 1970.',
    value: ({ status }) => seconds(status.lastGood?.endedAt),
  },
  holdfast_job_last_run_timestamp_seconds: {
    help: 'When the last run ended, well or not, in seconds since 1970.',
    value: ({ status }) => seconds(status.last?.endedAt),
  },
  holdfast_job_last_run_duration_seconds: {
    help: 'How long the last run took, well or not.',
    value: ({ status: { last } }) => last && (last.endedAt.getTime() - last.startedAt.getTime()) / 1000,
  },
  holdfast_backup_bytes: {
    help: 'Bytes of the store in the last good backup.',
    value: ({ status }) => status.lastGood?.bytes,
  },
  holdfast_backup_stored_bytes: {
    help: 'Bytes that the last run stored anew; 0 where nothing had changed. Absent where it failed.',
    value: (judged) => (isTask(judged) ? undefined : judged.status.last?.result?.storedBytes),
  },
  holdfast_backup_records: {
    help: 'Records (keys, documents) in the backup of the last run. Absent where it failed.',
    value: (judged) => (isTask(judged) ? undefined : judged.status.last?.result?.content.records),
  },
  holdfast_restore_waiting: {
    help: '1 where the plan of a restore waits for its approval; else 0.',
    value: (judged) => {
      if (isTask(judged) || typeof judged.status.restore === 'string') return undefined;
      return judged.status.restore.phase === 'waiting for approval' ? 1 : 0;
    },
  },
  holdfast_schedule_paused: {
    help: '1 where the schedule of the job is paused; else 0. Absent where it has none.',
    value: ({ status: { schedule } }) => schedule && (schedule.paused ? 1 : 0),
  },
  holdfast_schedule_next_run_timestamp_seconds: {
    help: 'When the schedule starts the next run, in seconds since 1970.',
    value: ({ status: { schedule } }) => (schedule?.paused ? undefined : seconds(schedule?.nextRuns[0])),
  },
  holdfast_schedule_skipped_runs: {
    help: 'Runs that dropped out because another one was at work, since the schedule was made.',
    value: ({ status }) => status.schedule?.skipped,
  },
  holdfast_schedule_missed_runs: {
    help: 'Runs that Temporal was too late for, by more than the catch-up window, since the schedule was made.',
    value: ({ status }) => status.schedule?.missed,
  },
};

/** With the label `problem` besides. */
export const problemGauge = {
  name: 'holdfast_job_problem',
  help: '1 where this is wrong with the job (failed, stale, missing_schedule, …); else 0.',
} as const;

export const alarmsGauge = {
  name: 'holdfast_alarms_failing',
  help: 'Channels of alarms that take no messages, and 1 more where nobody sends any.',
} as const;

export const temporalGauge = {
  name: 'holdfast_temporal_up',
  help: '1 where Temporal told how the jobs are when this was asked; else 0, and what is said of jobs is old.',
} as const;

export const readyGauge = {
  name: 'holdfast_worker_ready',
  help: '1 where this worker takes work; else 0.',
} as const;

export type Gauges = (state: State, ready: boolean) => void;

export function createGauges(meter: MetricMeter): Gauges {
  const make = (name: string, help: string) => meter.createGauge(name, 'float', undefined, help);
  const ofJobs = Object.entries(jobGauges).map(([name, { help, value }]) => ({
    gauge: make(name, help),
    value,
  }));
  const problem = make(problemGauge.name, problemGauge.help);
  const alarms = make(alarmsGauge.name, alarmsGauge.help);
  const temporal = make(temporalGauge.name, temporalGauge.help);
  const worker = make(readyGauge.name, readyGauge.help);
  return (state, ready) => {
    temporal.set(state.unreachable === undefined ? 1 : 0);
    worker.set(ready ? 1 : 0);
    if (state.unreachable === undefined) alarms.set(state.alarms.length);
    for (const judged of state.jobs) {
      const tags: MetricTags = { job_name: judged.job.name, kind: isTask(judged) ? 'task' : 'backup' };
      for (const { gauge, value } of ofJobs) {
        const found = value(judged);
        if (found !== undefined) gauge.set(found, tags);
      }
      for (const kind of problemKinds) {
        const is = judged.problems.some((candidate) => candidate.kind === kind);
        problem.set(is ? 1 : 0, { ...tags, problem: kind.replaceAll(' ', '_') });
      }
    }
  };
}
