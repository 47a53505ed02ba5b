import type { Captured, CaptureInput, JobDescription, PublishInput, Published, Verified } from './backup.ts';
import type {
  ChooseBackupInput,
  ChosenBackup,
  DrillBackupInput,
  DrillFindings,
  DrillResult,
} from './drill.ts';
import type { NotifyInput, Observation, ObserveInput } from './alarms.ts';
import type { EcsInput, EcsStarted, EcsStopInput, EcsWatchInput } from './ecs.ts';
import type { RunTaskInput, TaskDescription, TaskResult } from './task.ts';
import type { ScrubDescription, ScrubInput, Scrubbed, Slice } from './scrub.ts';
import type { Applied, ApplyInput, Plan, PlanRestoreInput, Proof, RestoreReport } from './restore.ts';

/** The activities of the control queue: quick. */
export interface ControlActivities {
  describeJob(input: { readonly job: string }): Promise<JobDescription>;
  describeTask(input: { readonly job: string }): Promise<TaskDescription>;
  /** The backups of the job that read its store at this moment: their workflows' ids. */
  backupsAtWork(input: { readonly job: string }): Promise<readonly string[]>;
  describeScrub(input: Pick<ScrubInput, 'job' | 'slice'>): Promise<ScrubDescription>;
  publish(input: PublishInput): Promise<Published>;
  /** Deletes what retention no longer keeps; gives the ids. */
  prune(input: { readonly job: string }): Promise<readonly string[]>;
  /** Removes what an unfinished run left: its data objects and multipart uploads. */
  discard(input: { readonly job: string; readonly id: string }): Promise<void>;
  chooseBackup(input: ChooseBackupInput): Promise<ChosenBackup>;
  /** Removes what a drill that ended early left in its scratch place. */
  cleanDrill(input: { readonly job: string; readonly id: string }): Promise<void>;
  /** Keeps the evidence beside the manifest; gives its address. */
  recordDrill(input: { readonly result: DrillResult }): Promise<string>;
  /** Sends messages by a channel of `alarms:` that is no command. */
  notify(input: NotifyInput): Promise<void>;
  /** Keeps the report beside the plan. */
  recordRestore(input: { readonly job: string; readonly report: RestoreReport }): Promise<void>;
}

/** The activities of the data queue: they move bytes, heartbeat a `Progress`, and can be cancelled. */
export interface DataActivities {
  capture(input: CaptureInput): Promise<Captured>;
  verify(input: { readonly captured: Captured }): Promise<Verified>;
  planRestore(input: PlanRestoreInput): Promise<Plan>;
  applyRestore(input: ApplyInput): Promise<Applied>;
  proveRestore(input: ApplyInput): Promise<Proof>;
  /** Restores a backup into a scratch place, compares, and cleans up. */
  drillBackup(input: DrillBackupInput): Promise<DrillFindings>;
}

/** The activities of the verification queue: they heartbeat a `ScrubProgress`, and can be cancelled. */
export interface ScrubActivities {
  /** Reads a slice of all backups of a job back. */
  scrub(input: { readonly job: string; readonly slice: Slice }): Promise<Scrubbed>;
}

/** The activities of the command queue: they heartbeat a `TaskProgress`, and can be cancelled. */
export interface CommandActivities {
  runCommand(input: RunTaskInput): Promise<TaskResult>;
  /** Sends messages by a channel of `alarms:` that is a command. */
  notifyByCommand(input: NotifyInput): Promise<void>;
}

/** The activity by which the workflow `watch` sees how all jobs are. It waits until that changes, and heartbeats. */
export interface WatchActivities {
  observe(input: ObserveInput): Promise<Observation>;
}

/** The activities of the ECS queue: they mostly wait. They heartbeat a `TaskProgress`, and can be cancelled. */
export interface EcsActivities {
  /** Starts the tasks, or finds those that an attempt before has started. */
  startEcs(input: EcsInput): Promise<EcsStarted>;
  /** Waits until they have stopped. */
  watchEcs(input: EcsWatchInput): Promise<TaskResult>;
  /** Stops them, and waits until they have; null where there are none. */
  stopEcs(input: EcsStopInput): Promise<TaskResult | null>;
}
