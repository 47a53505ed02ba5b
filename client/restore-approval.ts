import type { Client } from '@temporalio/client';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Plan, RestoreReport } from '../workflows/contract/restore.ts';
import { ask, canAsk } from './ask.ts';
import { approve, decline } from './decision.ts';
import type { Io } from './io.ts';
import { printLine, say } from './output.ts';
import type { RestoreOptions } from './restore-options.ts';
import { followRequest, type RequestReference } from './restore-run.ts';
import { planLines, shortDigest } from './restore-text.ts';

/** Thrown to stop following, with the plan that stays waiting. */
export class LeftWaiting extends Error {
  readonly plan: Plan;

  constructor(plan: Plan) {
    super('the plan waits');
    this.plan = plan;
  }
}

/** Follows a request to its report; shows the plan when it is there, and has it decided. Throws LeftWaiting. */
export async function followToReport(
  client: Client,
  job: string,
  request: RequestReference,
  io: Io,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const done = { shown: false, decided: false };
  const report = await followRequest(client, io, request, async ({ phase, plan }, line) => {
    if (plan === undefined) return;
    if (!done.shown) {
      done.shown = true;
      line.clear();
      await showPlan(io, plan, options);
    }
    if (phase === 'waiting for approval' && !done.decided) {
      done.decided = true;
      await decide(client, job, plan, io, options);
    }
  });
  // A plan that needed no decision may have been over before it could be looked at.
  if (!done.shown && report.plan !== undefined && !options.json) {
    for (const text of planLines(report.plan)) await printLine(io, text);
  }
  return report;
}

/** With `--json` stdout is for the report alone. */
export async function showPlan(io: Io, plan: Plan, { json }: RestoreOptions): Promise<void> {
  if (json && !canAsk(io)) return;
  for (const text of planLines(plan)) {
    if (json) say(io, text);
    else await printLine(io, text);
  }
}

async function decide(
  client: Client,
  job: string,
  plan: Plan,
  io: Io,
  options: RestoreOptions,
): Promise<void> {
  if (!options.wait) throw new LeftWaiting(plan);
  try {
    if (await wanted(plan, io, options)) await approve(client, io, job, plan.digest);
    else await decline(client, io, job);
  } catch (error) {
    // Somebody else was faster, or the time is over: what became of it is told by the report.
    if (!(error instanceof HoldfastError) || error.code !== 'PlanChanged') throw error;
    say(io, error.message);
  }
}

/** Whether this plan is to be carried out: by the digest that was named, else by asking. */
export async function wanted(plan: Plan, io: Io, options: RestoreOptions): Promise<boolean> {
  if (options.plan !== undefined) {
    const same = options.plan.length >= 12 && plan.digest.startsWith(options.plan.toLowerCase());
    if (!same) say(io, `The plan is ${shortDigest(plan)} and not ${options.plan}: it is declined.`);
    return same;
  }
  return (await ask(io, 'Type "yes" to approve this plan; anything else declines it: ')) === 'yes';
}
