import type { Config, JobConfig } from '../config/config.ts';
import { withStep } from './direct/step.ts';
import { restoreDirectly } from './direct/restore.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import { showPlan, wanted } from './restore-approval.ts';
import { tellReport } from './restore-end.ts';
import type { RestoreOptions } from './restore-options.ts';
import { requestOf } from './restore-request.ts';

/** `holdfast restore --direct`: plan, question, safety backup, change and proof in this process, without Temporal. */
export async function restoreWithoutTemporal(
  config: Config,
  job: JobConfig,
  backup: string,
  io: Io,
  options: RestoreOptions,
): Promise<void> {
  if (!options.json) say(io, `Restore of ${job.name}, by this process alone: Ctrl-C ends it.`);
  const request = requestOf(backup, options);
  const report = await withStep(config, io, (step, line) =>
    restoreDirectly(step, {
      job: job.name,
      request,
      async decide(plan) {
        line.clear();
        await showPlan(io, plan, options);
        return wanted(plan, io, options);
      },
    }),
  );
  // What was not asked about has not been shown yet.
  if (report.plan !== undefined && (request.approved === true || request.dryRun === true))
    await showPlan(io, report.plan, options);
  await tellReport(io, job.name, report, options);
}
