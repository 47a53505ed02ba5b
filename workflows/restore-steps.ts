import { ApplicationFailure, condition, isCancellation, uuid4 } from '@temporalio/workflow';
import { control, data } from './activities.ts';
import type { JobDescription } from './contract/backup.ts';
import type { ErrorCode } from './contract/errors.ts';
import { backupId } from './contract/names.ts';
import type { Applied, Plan, Proof, RestorePhase, RestoreReport } from './contract/restore.ts';
import { startDeadline } from './deadline.ts';
import { doneBeforeCancellation } from './failure.ts';
import { count } from './markdown.ts';
import { showRestore } from './restore-details.ts';
import type { Requested, RestoreState } from './restore-state.ts';
import { countedIn, verdictOn, verdictOnNothing } from './restore-verdict.ts';
import { takeSafetyBackup } from './safety-backup.ts';
import { whileBackupsWait } from './turn.ts';

/** The report as far as it is known; filled in while the restore goes on, so that a failure can tell it too. */
export type Findings = {
  -readonly [Name in keyof Omit<RestoreReport, 'outcome' | 'finishedAt' | 'failure'>]: RestoreReport[Name];
};

export function newFindings(request: Requested): Findings {
  return {
    restoreId: `${backupId(new Date())}-${uuid4().slice(0, 4)}`,
    requestId: request.requestId,
    backup: request.backup ?? 'latest',
  };
}

/** One restore: plan, approval, safety backup, change, proof. */
export async function carryOut(
  state: RestoreState,
  request: Requested,
  findings: Findings,
): Promise<RestoreReport> {
  const close = (outcome: RestoreReport['outcome']): RestoreReport => ({
    ...findings,
    outcome,
    finishedAt: new Date().toISOString(),
  });
  const enter = (phase: RestorePhase): void => {
    state.phase = phase;
    showRestore(state);
  };

  state.restoreId = findings.restoreId;
  enter('planning');
  const { job } = state;
  const description = await control.describeJob.executeWithOptions(
    { summary: `read the configuration of ${job}` },
    [{ job }],
  );
  const plan = await makePlan(state, request, description);
  findings.plan = state.plan = plan;
  findings.backup = plan.backup;

  if (request.dryRun === true) return close('dry-run');
  if (plan.add + plan.change + plan.remove === 0) {
    judge(verdictOnNothing(plan));
    return close('nothing-to-do');
  }

  if (request.approved !== true) {
    enter('waiting for approval');
    await condition(() => state.decision !== undefined, description.approvalTimeout, {
      summary: `wait for the approval of plan ${plan.digest.slice(0, 12)}`,
    });
    const { decision } = state;
    if (decision === undefined) return close('expired');
    if (decision.by !== undefined) findings.decidedBy = decision.by;
    if (decision.reason !== undefined) findings.reason = decision.reason;
    if (!decision.approved) return close('declined');
  }

  enter('waiting for backups');
  const decidedAt = Date.now();
  return whileBackupsWait(plan, description, async () => {
    // What was approved is what the plan showed then: after so long, somebody should look again.
    if (request.approved !== true && Date.now() - decidedAt > description.approvalTimeout)
      return close('expired');
    if (request.noSafetyBackup !== true && plan.harmless !== true) {
      enter('safety backup');
      findings.safetyBackup = (await takeSafetyBackup(plan, description)).id;
    }
    const left = startDeadline(description.deadline);
    enter('applying');
    const applied = (findings.applied = await apply(plan, left(), findings));
    enter('proving');
    const proof = (findings.proof = await prove(plan, left(), applied));
    judge(verdictOn(plan, applied, proof, { approvedBeforehand: request.approved === true }));
    return close('restored');
  });
}

async function makePlan(
  { job, restoreId = '' }: RestoreState,
  request: Requested,
  { deadline }: JobDescription,
): Promise<Plan> {
  const summary = `compare backup ${request.backup ?? 'latest'} with the store, change nothing`;
  return await data.planRestore.executeWithOptions({ summary, scheduleToCloseTimeout: deadline }, [
    { job, restoreId, request },
  ]);
}

async function apply(plan: Plan, left: number, findings: Findings): Promise<Applied> {
  const summary = `write ${countedIn(plan, plan.add + plan.change)}, remove ${countedIn(plan, plan.remove)}`;
  try {
    return await data.applyRestore.executeWithOptions({ summary, scheduleToCloseTimeout: left }, [{ plan }]);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const applied = doneBeforeCancellation(error) as Applied | undefined;
    if (applied !== undefined) findings.applied = applied;
    throw failure('RestoreCancelled', `cancelled while it was writing; ${soFar(applied)}`);
  }
}

async function prove(plan: Plan, left: number, applied: Applied): Promise<Proof> {
  const summary = 'read the store and compare it with the backup';
  try {
    return await data.proveRestore.executeWithOptions({ summary, scheduleToCloseTimeout: left }, [{ plan }]);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    throw failure('RestoreCancelled', `cancelled before it was proven; ${soFar(applied)}`);
  }
}

function soFar(applied: Applied | undefined): string {
  if (applied === undefined) return 'how much is written is not known';
  const { added, changed, removed, already, documents } = applied;
  if (documents !== undefined) return `written so far: ${count(documents)} documents`;
  return `written so far: ${added + already} added or found in place, ${changed} changed, ${removed} removed`;
}

function judge(verdict: ReturnType<typeof verdictOn>): void {
  if (verdict !== undefined) throw failure(verdict.code, verdict.message);
}

function failure(code: ErrorCode, message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: code });
}
