import type { Failure } from './contract/backup.ts';
import type { ErrorCode } from './contract/errors.ts';
import type { Applied, Plan, Proof } from './contract/restore.ts';
import { count } from './markdown.ts';
import { unitOf } from './plan-unit.ts';

type Verdict = Failure & { readonly code: ErrorCode };

/** Why nothing came of a plan, where all of it is refused; `undefined` where there simply is nothing to do. */
export function verdictOnNothing(plan: Plan): Verdict | undefined {
  if (plan.refused === 0) return undefined;
  const refused = plan.examples
    .filter(({ op }) => op === 'refuse')
    .map(({ key, keyBase64, reason }) => `${key ?? keyBase64 ?? ''} (${reason ?? ''})`)
    .join(', ');
  return {
    code: 'Unrestorable',
    message: `none of ${countedIn(plan, plan.refused)} can be written: ${refused}`,
  };
}

/** A restore is done well only if nothing of what was approved is missing. `undefined`: it is. */
export function verdictOn(
  plan: Plan,
  applied: Applied,
  proof: Proof,
  { approvedBeforehand }: { readonly approvedBeforehand: boolean },
): Verdict | undefined {
  const examples = applied.examples.map(({ key, reason }) => `${key} (${reason})`).join(', ');
  if (applied.conflicts > 0) {
    return {
      code: 'RestoreConflict',
      message: `${thingsIn(plan, applied.conflicts)} changed since the plan and left as they are: ${examples}`,
    };
  }
  // Who approved the plan by its digest knew which keys it leaves; who approved beforehand did not.
  const known = approvedBeforehand ? 0 : plan.refused;
  if (applied.refused > known) {
    return {
      code: 'Unrestorable',
      message: `${thingsIn(plan, applied.refused)} could not be written, all others were: ${examples}`,
    };
  }
  if (proof.differing > 0) {
    return {
      code: 'RestoreUnproven',
      message: `${countedIn(plan, proof.differing)} differ after the restore: ${proof.examples.join(', ')}`,
    };
  }
  return undefined;
}

/** `1 key`, `12,345 indices`. */
export function countedIn(plan: Plan, number: number): string {
  const { one, many } = unitOf(plan);
  return number === 1 ? `1 ${one}` : `${count(number)} ${many}`;
}

/** The same where documents are counted along with the indices. */
function thingsIn(plan: Plan, number: number): string {
  if (plan.documents === undefined) return countedIn(plan, number);
  return number === 1 ? '1 index or document' : `${count(number)} indices or documents`;
}
