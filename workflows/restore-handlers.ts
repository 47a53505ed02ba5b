import { setHandler, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Decided, Refusal, RestoreRequest } from './contract/restore.ts';
import * as messages from './messages.ts';
import { approval, objectionToApproval, objectionToDecision, refusal } from './restore-decision.ts';
import { type Decision, note, type RestoreState, statusOf } from './restore-state.ts';

/** Must run before the first wait of the workflow. `onNote` is called after something was not heeded. */
export function setRestoreHandlers(state: RestoreState, onNote: () => void): void {
  const refuseToHear = (text: string): void => {
    note(state, text);
    onNote();
  };
  const decide = (decision: Decision): Decided => {
    state.decision = decision;
    const { restoreId = '', current } = state;
    return { restoreId, requestId: current?.requestId ?? '', runId: workflowInfo().runId };
  };

  setHandler(
    messages.requestRestore,
    (request) => {
      const known = receive(state, request);
      if (known !== undefined) refuseToHear(`Request ${known} came again; it is carried out once.`);
    },
    {
      description:
        'Asks for a restore: {"backup":"latest","prefix":"app/","mode":"overwrite"}. All is optional; nothing is ' +
        'changed before its plan is approved.',
    },
  );
  setHandler(messages.status, () => statusOf(state), {
    description: 'What the restore is at, with its plan, and how the last one ended.',
  });
  setHandler(messages.approve, (message) => decide(approval(message)), {
    validator: (message) => raise(objectionToApproval(state, message)),
    description: `Approves the plan that waits: {"digest":"<its first 12 digits>","by":"<who>"}.`,
  });
  setHandler<Decided, [Refusal?], typeof messages.decline>(
    messages.decline,
    (message) => decide(refusal(message)),
    {
      validator: () => raise(objectionToDecision(state)),
      description: 'Declines the plan that waits: {"by":"<who>","reason":"<why>"}. Nothing is changed.',
    },
  );
  setHandler(
    messages.approveBySignal,
    (message) => {
      const objection = objectionToApproval(state, message);
      if (objection === undefined) decide(approval(message));
      else refuseToHear(`An approval was not heeded. ${objection.message}`);
    },
    { description: 'Like the update approve, without an answer: {"digest":"<its first 12 digits>"}.' },
  );
  setHandler(
    messages.declineBySignal,
    (message) => {
      const objection = objectionToDecision(state);
      if (objection === undefined) decide(refusal(message));
      else refuseToHear(`A refusal was not heeded. ${objection.message}`);
    },
    { description: 'Like the update decline, without an answer: {"reason":"<why>"}.' },
  );
}

/** Queues a request; gives its id if it is known already. */
export function receive(state: RestoreState, request: RestoreRequest = {}): string | undefined {
  const requested = { ...request, requestId: request.requestId ?? uuid4() };
  const heard = [state.current, ...state.pending, state.last];
  if (heard.some((other) => other?.requestId === requested.requestId)) return requested.requestId;
  state.pending.push(requested);
  return undefined;
}

function raise(problem: Error | undefined): void {
  if (problem !== undefined) throw problem;
}
