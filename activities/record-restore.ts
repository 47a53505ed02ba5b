import { encodeDocument } from '../storage/document.ts';
import { restoreFolder } from '../storage/layout.ts';
import type { RestoreReport } from '../workflows/contract/restore.ts';
import { withStorage } from './open.ts';
import { jobOf, type Step } from './step.ts';

/** Keeps the report beside the plan, once: `restores/<restore id>/report.json`. */
export async function recordRestore(
  step: Step,
  { job, report }: { readonly job: string; readonly report: RestoreReport },
): Promise<void> {
  const name = `${restoreFolder(job, report.restoreId)}report.json`;
  await withStorage(jobOf(step.config, job), (storage) =>
    storage.putOnce(name, encodeDocument(report, 'reportSha256'), step.signal),
  );
}
