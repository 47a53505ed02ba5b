import { HoldfastError } from '../workflows/contract/errors.ts';
import type { RestoreReport } from '../workflows/contract/restore.ts';
import type { Io } from './io.ts';
import { printJson, printLine, say } from './output.ts';
import { reportLines } from './restore-text.ts';
import { named } from './failure.ts';

/** Waits for the report of a restore and tells it; throws what makes the exit code where it did not end well. */
export async function tellEnd(
  io: Io,
  { job, json, farewell }: { readonly job: string; readonly json: boolean; readonly farewell: string },
  report: () => Promise<RestoreReport>,
): Promise<void> {
  try {
    await tellReport(io, job, await report(), { json });
  } catch (error) {
    if (!io.signal.aborted) throw error;
    say(io, `\nThe restore goes on without this command. ${farewell}`);
    throw io.signal.reason;
  }
}

/** Tells what came of a restore; throws what makes the exit code where it did not end well. */
export async function tellReport(
  io: Io,
  job: string,
  report: RestoreReport,
  { json }: { readonly json: boolean },
): Promise<void> {
  if (json) await printJson(io, report);
  else for (const line of reportLines(job, report)) await printLine(io, line);
  judge(report);
}

function judge({ outcome, failure }: RestoreReport): void {
  if (outcome === 'failed') throw named(failure?.code, failure?.message ?? 'The restore failed.');
  if (outcome === 'declined') throw new HoldfastError('NotApproved', 'The plan was declined.');
  if (outcome === 'expired') throw new HoldfastError('NotApproved', 'The plan was not approved in time.');
}
