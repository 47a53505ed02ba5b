import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { control, data, tidying } from './activities.ts';
import type { Failure } from './contract/backup.ts';
import type { DrillInput, DrillResult } from './contract/drill.ts';
import { backupId } from './contract/names.ts';
import { attributeKeys } from './contract/starting.ts';
import { type DrillDetails, showDrill } from './drill-details.ts';
import { verdictOnDrill } from './drill-verdict.ts';
import { failureOf } from './failure.ts';
import { countRun } from './run-metrics.ts';
import { scheduledTime } from './scheduled-time.ts';

/** The result as far as it is known. */
type Known = Omit<DrillResult, 'outcome' | 'finishedAt' | 'failure'>;

interface Run {
  readonly input: DrillInput;
  readonly id: string;
  readonly reason: DrillResult['reason'];
  readonly details: DrillDetails;
  /** Absent until the job is known. */
  known?: Known;
}

/** Restores a backup into a scratch place, compares, cleans up, and keeps the evidence beside the manifest. */
export async function drill(input: DrillInput): Promise<DrillResult> {
  const run = begin(input);
  try {
    const known = await restoreAndCompare(run);
    const failure = verdictOnDrill(known);
    if (failure !== undefined)
      throw ApplicationFailure.create({ type: failure.code, message: failure.message });
    return await CancellationScope.nonCancellable(() => conclude(run, known));
  } catch (error) {
    return CancellationScope.nonCancellable(() => fail(run, error));
  }
}

function begin(input: DrillInput): Run {
  const scheduled = scheduledTime();
  const id = input.id ?? backupId(scheduled ?? workflowInfo().runStartTime);
  const reason = scheduled === undefined ? 'manual' : 'schedule';
  return { input, id, reason, details: showDrill(input.job, id, reason) };
}

async function restoreAndCompare(run: Run): Promise<Known> {
  const { input, id, reason, details } = run;
  const { job } = input;
  const description = await control.describeJob.executeWithOptions(
    { summary: `read the configuration of ${job}` },
    [{ job }],
  );
  const { store, deadline } = description;
  details.described(description);
  upsertSearchAttributes([
    { key: attributeKeys.job, value: job },
    { key: attributeKeys.store, value: store },
    { key: attributeKeys.verified, value: false },
  ]);
  const asked = input.backup ?? 'latest';
  run.known = {
    job,
    id,
    reason,
    store,
    asked,
    comparisons: [],
    steps: [],
    startedAt: new Date().toISOString(),
  };

  details.enters('Choosing a backup');
  const wanted = { job, id, ...(input.backup !== undefined && { backup: input.backup }) };
  const chosen = await control.chooseBackup.executeWithOptions({ summary: 'choose the backup' }, [wanted]);
  run.known = { ...run.known, ...chosen };
  details.chose(chosen);
  upsertSearchAttributes([{ key: attributeKeys.backupId, value: chosen.backup }]);

  details.enters('Restoring and comparing');
  const summary = `restore ${chosen.backup} into a scratch place, and compare`;
  const findings = await data.drillBackup.executeWithOptions({ summary, scheduleToCloseTimeout: deadline }, [
    { job, id, backup: chosen.backup },
  ]);
  run.known = { ...run.known, ...findings };
  return run.known;
}

async function conclude(run: Run, known: Known): Promise<DrillResult> {
  const result = await record({ ...known, outcome: 'proven', finishedAt: new Date().toISOString() });
  upsertSearchAttributes([
    { key: attributeKeys.verified, value: true },
    { key: attributeKeys.bytes, value: known.bytes ?? 0 },
  ]);
  run.details.finished(result);
  countRun(result.job, 'drill', 'completed');
  return result;
}

async function fail(run: Run, error: unknown): Promise<never> {
  const { input, id, details } = run;
  const leftBehind = await clean(run);
  if (isCancellation(error)) {
    details.cancelled();
    countRun(input.job, 'drill', 'cancelled');
    throw error;
  }
  const failure = failureOf(error);
  const ending = { outcome: 'failed', failure, finishedAt: new Date().toISOString() } as const;
  const result = run.known && (await record({ ...run.known, ...(leftBehind && { leftBehind }), ...ending }));
  details.failed(failure, result);
  countRun(input.job, 'drill', 'failed');
  throw ApplicationFailure.create({
    message: `Drill ${id} of ${input.job}: ${failure.message}`,
    type: failure.code,
    nonRetryable: true,
    details: result === undefined ? [] : [result],
    ...(error instanceof Error && { cause: error }),
  });
}

/** What cannot be removed now, the next drill removes. */
async function clean({ input: { job }, id, known }: Run): Promise<Failure | undefined> {
  if (known?.backup === undefined) return undefined;
  try {
    const summary = 'remove what is left in the scratch place';
    await tidying.cleanDrill.executeWithOptions({ summary }, [{ job, id }]);
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    log.warn('What a drill left could not be removed', { job, id, ...failure });
    return failure;
  }
}

/** The result is in the run as well: that the evidence cannot be kept does not undo a proof. */
async function record(result: DrillResult): Promise<DrillResult> {
  if (result.backup === undefined) return result;
  try {
    const summary = `store the evidence: ${result.outcome}`;
    const evidence = await tidying.recordDrill.executeWithOptions({ summary }, [{ result }]);
    return { ...result, evidence };
  } catch (error) {
    const { job, id } = result;
    log.warn('The evidence of the drill could not be stored', { job, id, ...failureOf(error) });
    return result;
  }
}
