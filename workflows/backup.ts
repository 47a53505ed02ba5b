import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  patched,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { control, data, tidying } from './activities.ts';
import { type BackupDetails, showBackup } from './backup-details.ts';
import { captureInEcs } from './capture-in-ecs.ts';
import type {
  BackupInput,
  BackupResult,
  Captured,
  CaptureInput,
  JobDescription,
  PublishInput,
} from './contract/backup.ts';
import type { EcsTask } from './contract/ecs.ts';
import type { BackupReason } from './contract/manifest.ts';
import { backupId } from './contract/names.ts';
import { attributeKeys } from './contract/starting.ts';
import { startDeadline } from './deadline.ts';
import { failureOf } from './failure.ts';
import { countRun } from './run-metrics.ts';
import { scheduledTime } from './scheduled-time.ts';
import { waitForRestore } from './turn.ts';

interface Run {
  readonly input: BackupInput;
  readonly id: string;
  readonly reason: BackupReason;
  readonly details: BackupDetails;
  /** In ECS, where the store is read there: those that have ended. */
  readonly tasks: EcsTask[];
}

/** Makes one backup: capture, verify, publish, prune. It exists from the moment it is published, and only then. */
export async function backup(input: BackupInput): Promise<BackupResult> {
  const { id, reason } = identityOf(input);
  const run: Run = { input, id, reason, details: showBackup(input.job, id, reason), tasks: [] };
  try {
    const description = await takeTurn(run, await describe(run));
    const proven = await captureAndVerify(run, description);
    // From here on it is too late to cancel: the manifest may be in the storage already.
    const result = await CancellationScope.nonCancellable(() => publishAndPrune(run, proven));
    countRun(input.job, 'backup', 'completed');
    return result;
  } catch (error) {
    if (isCancellation(error)) {
      run.details.cancelled();
      countRun(input.job, 'backup', 'cancelled');
      throw error;
    }
    const failure = failureOf(error);
    run.details.failed(failure);
    countRun(input.job, 'backup', 'failed');
    throw ApplicationFailure.create({
      message: `Backup ${id} of ${input.job}: ${failure.message}`,
      type: failure.code,
      nonRetryable: true,
      ...(error instanceof Error && { cause: error }),
    });
  }
}

/** The scheduled time is the id, so that a run that is started again comes to the same objects. */
function identityOf(input: BackupInput): Pick<Run, 'id' | 'reason'> {
  const scheduled = scheduledTime();
  return {
    id: input.id ?? backupId(scheduled ?? workflowInfo().runStartTime),
    reason: input.reason ?? (scheduled === undefined ? 'manual' : 'schedule'),
  };
}

async function describe({ input: { job }, id, details }: Run): Promise<JobDescription> {
  const summary = `read the configuration of ${job}`;
  const description = await control.describeJob.executeWithOptions({ summary }, [{ job }]);
  details.described(description);
  upsertSearchAttributes([
    { key: attributeKeys.job, value: job },
    { key: attributeKeys.store, value: description.store },
    { key: attributeKeys.backupId, value: id },
    { key: attributeKeys.verified, value: false },
  ]);
  return description;
}

/** A safety backup is a part of the restore that others wait for. */
async function takeTurn({ reason, details }: Run, description: JobDescription): Promise<JobDescription> {
  if (reason === 'safety') return description;
  return waitForRestore(description, (restore) => details.waits(restore));
}

async function captureAndVerify(run: Run, description: JobDescription): Promise<PublishInput> {
  const { details } = run;
  const left = startDeadline(description.deadline);
  try {
    details.enters('Capturing');
    const captured = await capture(run, description, left);
    details.captured(captured);

    details.enters('Verifying');
    const verified = await data.verify.executeWithOptions(
      { summary: 'read it back from the storage and compare', scheduleToCloseTimeout: left() },
      [{ captured }],
    );
    details.verified(verified);
    return { captured, verified };
  } catch (error) {
    await CancellationScope.nonCancellable(() => discard(run));
    throw error;
  }
}

async function capture(
  { input: { job, scope }, id, reason, details, tasks }: Run,
  { store, runIn }: JobDescription,
  left: () => number,
): Promise<Captured> {
  const summary = `read ${store}, store it as ${id}`;
  const input: CaptureInput = { job, id, reason, ...(scope && { scope }) };
  if (runIn !== undefined && patched('capture in ECS')) {
    const onEnd = (ended: readonly EcsTask[]): void => {
      tasks.push(...ended);
      details.ranInEcs(ended);
    };
    return captureInEcs({ input, place: runIn, summary, left, onEnd });
  }
  return data.capture.executeWithOptions({ summary, scheduleToCloseTimeout: left() }, [input]);
}

async function publishAndPrune(run: Run, proven: PublishInput): Promise<BackupResult> {
  const { input, id, details, tasks } = run;
  details.enters('Publishing');
  const summary = 'write the manifest: from now on the backup exists';
  const { manifest, suspicions } = await control.publish
    .executeWithOptions({ summary }, [proven])
    .catch(async (error: unknown) => {
      await discard(run);
      throw error;
    });
  details.published(manifest);

  details.enters('Pruning');
  const pruned = await prune(input.job);
  const { captured } = proven;
  const result: BackupResult = {
    job: input.job,
    id,
    content: captured.content,
    storedBytes: newBytes(captured),
    ...(captured.unchangedSince !== undefined && { unchangedSince: captured.unchangedSince }),
    manifest,
    ...(suspicions && { suspicions }),
    ...pruned,
    ...(tasks.length > 0 && { ecs: tasks }),
  };
  upsertSearchAttributes([
    { key: attributeKeys.verified, value: true },
    { key: attributeKeys.bytes, value: captured.content.bytes },
  ]);
  details.finished(result);
  return result;
}

/** A backup is good whether or not old ones could be removed: that is told, and the next run tries again. */
async function prune(job: string): Promise<Pick<BackupResult, 'pruned' | 'pruneFailure'>> {
  try {
    const summary = 'remove what retention no longer keeps';
    return { pruned: await tidying.prune.executeWithOptions({ summary }, [{ job }]) };
  } catch (error) {
    const pruneFailure = failureOf(error);
    log.warn('Old backups could not be removed', { job, ...pruneFailure });
    return { pruned: [], pruneFailure };
  }
}

/** The failure that led here is the one to report: what cannot be tidied up now, the next capture of this id or prune does. */
async function discard({ input: { job }, id }: Run): Promise<void> {
  try {
    const summary = 'remove what the unfinished run stored';
    await tidying.discard.executeWithOptions({ summary }, [{ job, id }]);
  } catch (error) {
    log.warn('What the unfinished backup stored could not be removed', { job, id, ...failureOf(error) });
  }
}

function newBytes({ objects, unchangedSince }: Captured): number {
  return unchangedSince === undefined ? objects.reduce((sum, { storedBytes }) => sum + storedBytes, 0) : 0;
}
