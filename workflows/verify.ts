import {
  ApplicationFailure,
  isCancellation,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { control, scrubbing } from './activities.ts';
import type { Failure } from './contract/backup.ts';
import { backupId } from './contract/names.ts';
import type { Scrubbed, ScrubDescription, ScrubInput, ScrubResult } from './contract/scrub.ts';
import { attributeKeys } from './contract/starting.ts';
import { startDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import { countRun } from './run-metrics.ts';
import { scheduledTime } from './scheduled-time.ts';
import { showVerify, type VerifyDetails } from './verify-details.ts';

interface Run {
  readonly input: ScrubInput;
  readonly id: string;
  readonly reason: ScrubResult['reason'];
  readonly startedAt: string;
  readonly details: VerifyDetails;
  description?: ScrubDescription;
}

/**
 * Reads stored backups of a job back, a slice of them in each run. It ends as Failed where it finds damage, so that
 * somebody is alarmed; what it found is in the details of the failure.
 */
export async function verify(input: ScrubInput): Promise<ScrubResult> {
  const { job } = input;
  const run = begin(input);
  try {
    const result = resultOf(run, await read(run));
    run.details.finished(result);
    if (result.failure !== undefined) throw failed(result, result.failure);
    upsertSearchAttributes([{ key: attributeKeys.verified, value: true }]);
    countRun(job, 'verify', 'completed');
    return result;
  } catch (error) {
    if (isCancellation(error)) {
      run.details.cancelled();
      countRun(job, 'verify', 'cancelled');
      throw error;
    }
    countRun(job, 'verify', 'failed');
    if (error instanceof ApplicationFailure) throw error;
    const failure = failureOf(error);
    const result: ScrubResult = { ...factsOf(run, 'failed'), findings: [], findingsInAll: 0, failure };
    run.details.failed(failure);
    throw failed(result, failure, error);
  }
}

function begin(input: ScrubInput): Run {
  const scheduled = scheduledTime();
  const { runStartTime } = workflowInfo();
  const id = input.id ?? backupId(scheduled ?? runStartTime);
  const reason = scheduled === undefined ? 'manual' : 'schedule';
  return {
    ...{ input, id, reason, startedAt: runStartTime.toISOString() },
    details: showVerify(input.job, reason),
  };
}

async function read(run: Run): Promise<Scrubbed> {
  const { job, slice: given } = run.input;
  const wanted = { job, ...(given && { slice: given }) };
  const summary = `which slice of the backups of ${job} is due`;
  const description = await control.describeScrub.executeWithOptions({ summary }, [wanted]);
  run.description = description;
  run.details.described(description);
  upsertSearchAttributes([
    { key: attributeKeys.job, value: job },
    { key: attributeKeys.store, value: description.store },
    { key: attributeKeys.verified, value: false },
  ]);
  const { slice } = description;
  const left = startDeadline(description.deadline);
  return scrubbing.scrub.executeWithOptions(
    { summary: `read slice ${slice.number} of ${slice.of} back`, scheduleToCloseTimeout: left() },
    [{ job, slice }],
  );
}

function resultOf(run: Run, scrubbed: Scrubbed): ScrubResult {
  const { damaged, backups } = scrubbed;
  if (damaged === 0) return { ...factsOf(run, 'whole'), ...scrubbed };
  const [first] = scrubbed.findings;
  const example = first === undefined ? '' : ` ${first.object} is ${first.kind}: ${first.detail}.`;
  const message = `${damaged} of ${backups} backups of ${run.input.job} cannot be relied on.${example}`;
  return { ...factsOf(run, 'damaged'), ...scrubbed, failure: { code: 'BackupDamaged', message } };
}

function factsOf(run: Run, outcome: ScrubResult['outcome']) {
  const { input, id, reason, startedAt, description } = run;
  return {
    ...{ job: input.job, id, reason, outcome, startedAt, finishedAt: new Date().toISOString() },
    ...(description && { store: description.store, slice: description.slice }),
  };
}

function failed(result: ScrubResult, { code, message }: Failure, cause?: unknown): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type: code,
    nonRetryable: true,
    details: [result],
    ...(cause instanceof Error && { cause }),
  });
}
