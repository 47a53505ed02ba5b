import type { Config, ScheduleSettings } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';

/** A configuration with these jobs and their schedules; nothing of what it names is there. */
export function configWith(
  jobs: Readonly<Record<string, ScheduleSettings | undefined>>,
  address = '127.0.0.1:7233',
): Config {
  const text = JSON.stringify({
    temporal: { address },
    storages: { local: { directory: { path: './backups' } } },
    jobs: Object.fromEntries(
      Object.keys(jobs).map((name) => [
        name,
        { storage: 'local', consul: { address: 'http://127.0.0.1:8500' } },
      ]),
    ),
  });
  const config = parseConfig(text, 'holdfast.yaml', { env: {}, unset: 'fail' });
  const withSchedules = [...config.jobs.values()].map((job) => {
    const schedule = jobs[job.name];
    return [job.name, { ...job, ...(schedule && { schedule }) }] as const;
  });
  return { ...config, jobs: new Map(withSchedules) };
}

export function schedule(cron: string, others: Partial<ScheduleSettings> = {}): ScheduleSettings {
  return {
    cron,
    dialect: 'standard',
    timezone: 'Europe/Berlin',
    jitter: 60_000,
    catchup: 3_600_000,
    ...others,
  };
}
