import { metricMeter, workflowInfo } from '@temporalio/workflow';

const runs = metricMeter.createCounter(
  'holdfast_runs',
  undefined,
  'Runs that this worker has brought to their end, by outcome.',
);
const duration = metricMeter.createHistogram(
  'holdfast_run_duration',
  'float',
  'seconds',
  'How long those runs took, by outcome.',
);

/** Counts the end of a run, for Prometheus (docs/monitoring.md). A replay counts nothing. */
export function countRun(
  job: string,
  kind: 'backup' | 'task' | 'drill' | 'verify',
  outcome: 'completed' | 'failed' | 'cancelled',
): void {
  const tags = { job_name: job, kind, outcome };
  runs.add(1, tags);
  duration.record((Date.now() - workflowInfo().runStartTime.getTime()) / 1000, tags);
}
