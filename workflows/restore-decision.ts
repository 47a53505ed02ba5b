import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from './contract/errors.ts';
import type { Approval, Refusal } from './contract/restore.ts';
import type { Decision, RestoreState } from './restore-state.ts';

const digestPattern = /^[0-9a-f]{12,64}$/;

/** Why this approval cannot be taken, if so. One without a digest would approve whatever happens to wait. */
export function objectionToApproval(state: RestoreState, approval: unknown): ApplicationFailure | undefined {
  const objection = objectionToDecision(state);
  if (objection !== undefined) return objection;
  const digest = fieldOf(approval, 'digest')?.toLowerCase() ?? '';
  const waiting = state.plan?.digest ?? '';
  if (!digestPattern.test(digest)) {
    return refuse(
      'BadRequest',
      `An approval names at least the first 12 digits of the plan's digest, like {"digest":"0123456789ab"}.`,
    );
  }
  if (waiting.startsWith(digest)) return undefined;
  return refuse(
    'PlanChanged',
    `The plan that waits for ${state.job} is ${waiting.slice(0, 12)}, not ${digest.slice(0, 12)}.`,
  );
}

/** Why nothing can be decided now, if so. */
export function objectionToDecision(state: RestoreState): ApplicationFailure | undefined {
  if (state.phase !== 'waiting for approval') {
    return refuse(
      'PlanChanged',
      `No plan of ${state.job} waits for a decision: its restore is ${state.phase}.`,
    );
  }
  if (state.decision !== undefined) {
    return refuse('PlanChanged', `The plan of ${state.job} has been decided on already.`);
  }
  return undefined;
}

export function approval(message: Approval): Decision {
  return { approved: true, ...named('by', message) };
}

export function refusal(message: Refusal | undefined): Decision {
  return { approved: false, ...named('by', message), ...named('reason', message) };
}

function named<Name extends string>(name: Name, message: unknown): Partial<Record<Name, string>> {
  const value = fieldOf(message, name);
  return value === undefined ? {} : ({ [name]: value } as Record<Name, string>);
}

/** Messages are typed by people: what is not an object with that text is as good as absent. */
function fieldOf(message: unknown, name: string): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const value: unknown = Reflect.get(message, name);
  return typeof value === 'string' ? value : undefined;
}

function refuse(code: ErrorCode, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, code);
}
