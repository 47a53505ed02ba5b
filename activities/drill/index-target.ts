import type { Config, JobConfig } from '../../config/config.ts';
import { jobOf } from '../step.ts';

/** The job in whose cluster indices are restored by a drill: the job itself, where it names no other. */
export function indexTargetOf(config: Config, job: JobConfig): JobConfig {
  return job.drill.scratch === undefined ? job : jobOf(config, job.drill.scratch.job);
}
