import { randomBytes, randomUUID } from 'node:crypto';
import { applyRestore } from '../../activities/apply-restore.ts';
import { planRestore } from '../../activities/plan-restore.ts';
import { proveRestore } from '../../activities/prove-restore.ts';
import { recordRestore } from '../../activities/record-restore.ts';
import type { Step } from '../../activities/step.ts';
import type { Failure } from '../../workflows/contract/backup.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { backupId } from '../../workflows/contract/names.ts';
import type { Plan, RestoreReport, RestoreRequest } from '../../workflows/contract/restore.ts';
import { verdictOn, verdictOnNothing } from '../../workflows/restore-verdict.ts';
import { takeBackup } from './backup.ts';

export interface DirectRestore {
  readonly job: string;
  readonly request: RestoreRequest;
  /** Whether this plan is to be carried out. Not asked where the request is approved beforehand. */
  readonly decide: (plan: Plan) => Promise<boolean>;
  /** Where the safety backup goes, if not to the storage that is restored from. */
  readonly keeping?: Step;
}

type Findings = Omit<RestoreReport, 'outcome' | 'finishedAt' | 'failure'>;

/**
 * The same steps in the same order as the workflow `restore`, in this process: for the day without Temporal. Nothing
 * is tried again; the same request may be made again, since a plan is of what still differs.
 *
 * @throws what the steps throw before there is a plan; after that, a failure is in the report
 */
export async function restoreDirectly(step: Step, restore: DirectRestore): Promise<RestoreReport> {
  const { job, request, decide, keeping = step } = restore;
  const restoreId = `${backupId(new Date())}-${randomBytes(2).toString('hex')}`;
  const plan = await planRestore(step, { job, restoreId, request });
  const requestId = request.requestId ?? randomUUID();
  let findings: Findings = { restoreId, requestId, backup: plan.backup, plan };
  const close = async (outcome: RestoreReport['outcome'], failure?: Failure): Promise<RestoreReport> => {
    const finishedAt = new Date().toISOString();
    const report: RestoreReport = { ...findings, outcome, finishedAt, ...(failure && { failure }) };
    await keepReport(step, job, report);
    return report;
  };
  const judged = (good: RestoreReport['outcome'], verdict: Failure | undefined): Promise<RestoreReport> =>
    verdict === undefined ? close(good) : close('failed', verdict);

  if (request.dryRun === true) return close('dry-run');
  if (plan.add + plan.change + plan.remove === 0) return judged('nothing-to-do', verdictOnNothing(plan));
  if (request.approved !== true && !(await decide(plan))) return close('declined');
  try {
    if (request.noSafetyBackup !== true && plan.harmless !== true) {
      const safety = await takeBackup(keeping, { job: plan.toJob, reason: 'safety', scope: plan.to });
      findings = { ...findings, safetyBackup: safety.id };
    }
    const applied = await applyRestore(step, { plan });
    findings = { ...findings, applied };
    const proof = await proveRestore(step, { plan });
    findings = { ...findings, proof };
    return await judged(
      'restored',
      verdictOn(plan, applied, proof, { approvedBeforehand: request.approved === true }),
    );
  } catch (error) {
    if (step.signal.aborted) {
      const message = 'interrupted; some of it may be written. The same command goes on from there.';
      await close('failed', { code: 'RestoreCancelled', message });
      throw error;
    }
    if (!(error instanceof HoldfastError)) throw error;
    return close('failed', { code: error.code, message: error.message });
  }
}

/** That it cannot be kept does not undo a restore. */
async function keepReport(step: Step, job: string, report: RestoreReport): Promise<void> {
  const unstoppable = { ...step, signal: new AbortController().signal };
  try {
    await recordRestore(unstoppable, { job, report });
  } catch (error) {
    step.log.warn(
      `The report could not be stored beside the plan: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
