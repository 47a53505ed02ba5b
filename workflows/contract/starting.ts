import { defineSearchAttributeKey, type RetryPolicy, type SearchAttributePair } from '@temporalio/common';
import type { StoreKind } from './manifest.ts';
import {
  backupWorkflowId,
  controlQueue,
  drillWorkflowId,
  restoreWorkflowId,
  taskWorkflowId,
  verifyWorkflowId,
  workflowTypes,
  watchWorkflowId,
} from './names.ts';
import type { TaskKind } from './task.ts';

/** How runs are started, whoever starts them: the command line, a schedule, a restore that takes its safety backup. */
export interface Starting {
  readonly type: string;
  readonly workflowId: string;
  readonly taskQueue: string;
  /** One line that the Temporal UI shows in the list of runs. At most 200 bytes. */
  readonly staticSummary: string;
  readonly typedSearchAttributes: SearchAttributePair[];
  readonly retry?: RetryPolicy;
}

export const attributeKeys = {
  job: defineSearchAttributeKey('HoldfastJob', 'KEYWORD'),
  store: defineSearchAttributeKey('HoldfastStore', 'KEYWORD'),
  backupId: defineSearchAttributeKey('HoldfastBackupId', 'KEYWORD'),
  verified: defineSearchAttributeKey('HoldfastVerified', 'BOOL'),
  bytes: defineSearchAttributeKey('HoldfastBytes', 'INT'),
} as const;

export interface JobName {
  readonly job: string;
  readonly store: StoreKind;
}

/** `what` goes into the summary: `scheduled backup`, `safety backup`. Never retried whole: its activities are. */
export function startingBackup({ job, store }: JobName, id: string, what = 'backup'): Starting {
  return {
    type: workflowTypes.backup,
    workflowId: backupWorkflowId(job, id),
    taskQueue: controlQueue,
    staticSummary: `${what} of ${job} (${store})`,
    typedSearchAttributes: attributesOf(job, store),
  };
}

/** `what` goes into the summary: `scheduled drill`. Never retried whole: its activities are. */
export function startingDrill({ job, store }: JobName, id: string, what = 'drill'): Starting {
  return {
    type: workflowTypes.drill,
    workflowId: drillWorkflowId(job, id),
    taskQueue: controlQueue,
    staticSummary: `${what} of ${job} (${store}): restores a backup elsewhere and compares`,
    typedSearchAttributes: attributesOf(job, store),
  };
}

/**
 * A restore that fails must show as Failed in the list, and yet the workflow must stand by for the next request: so
 * the run fails with a retryable failure, and the server starts the next one, which stands by.
 */
export function startingRestore({ job, store }: JobName): Starting {
  return {
    type: workflowTypes.restore,
    workflowId: restoreWorkflowId(job),
    taskQueue: controlQueue,
    staticSummary: `restore of ${job} (${store}), on request; shows its plan first`,
    typedSearchAttributes: attributesOf(job, store),
    retry: { initialInterval: '1s', backoffCoefficient: 1, maximumInterval: '1s' },
  };
}

/** `what` goes into the summary: `scheduled task`. Never retried whole: the workflow knows how often it may be. */
export function startingTask(
  { job, kind }: { readonly job: string; readonly kind: TaskKind },
  id: string,
  what = 'task',
): Starting {
  return {
    type: workflowTypes.task,
    workflowId: taskWorkflowId(job, id),
    taskQueue: controlQueue,
    staticSummary: `${what} ${job} (${kind})`,
    typedSearchAttributes: [{ key: attributeKeys.job, value: job }],
  };
}

/** `what` goes into the summary: `scheduled verification`. Never retried whole: its activities are. */
export function startingVerify({ job, store }: JobName, id: string, what = 'verification'): Starting {
  return {
    type: workflowTypes.verify,
    workflowId: verifyWorkflowId(job, id),
    taskQueue: controlQueue,
    staticSummary: `${what} of the stored backups of ${job} (${store})`,
    typedSearchAttributes: attributesOf(job, store),
  };
}

/** A cancelled or terminated one is started again by the next worker that looks. */
export function startingWatch(): Starting {
  return {
    type: workflowTypes.watch,
    workflowId: watchWorkflowId,
    taskQueue: controlQueue,
    staticSummary: 'watches over all jobs, and sends alarms',
    typedSearchAttributes: [],
  };
}

function attributesOf(job: string, store: StoreKind): SearchAttributePair[] {
  return [
    { key: attributeKeys.job, value: job },
    { key: attributeKeys.store, value: store },
  ];
}
