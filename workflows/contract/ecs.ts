/** Work that ECS does: tasks in its own sense, each of one or more containers. */

/** Input of the activity `startEcs`. */
export interface EcsInput {
  readonly job: string;
  readonly id: string;
  /** How often the job was begun in this run, from 1. Each time it is other tasks. */
  readonly attempt: number;
}

/** Result of the activity `startEcs`: from now on it is known which tasks belong to the run. */
export interface EcsStarted {
  readonly cluster: string;
  /** ARN, with the revision. */
  readonly taskDefinition: string;
  /** ARNs. */
  readonly tasks: readonly string[];
  readonly containers: readonly EcsContainerPlan[];
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Input of the activity `watchEcs`. */
export interface EcsWatchInput extends EcsInput {
  readonly started: EcsStarted;
}

/** Input of the activity `stopEcs`. Without `started`, what the run may have started is looked for. */
export interface EcsStopInput extends EcsInput {
  readonly started?: EcsStarted;
  /** ECS shows it. */
  readonly reason: string;
}

/** What the task definition says of a container. */
export interface EcsContainerPlan {
  readonly name: string;
  /** Whether the task ends when it does. */
  readonly essential: boolean;
  readonly log?: EcsLogPlan;
}

export interface EcsLogPlan {
  readonly driver: string;
  /** Of the driver `awslogs`. */
  readonly group?: string;
  readonly region?: string;
  readonly streamPrefix?: string;
}

/** One task, as ECS described it last. */
export interface EcsTask {
  readonly arn: string;
  /** PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED. */
  readonly lastStatus: string;
  readonly stopCode?: string;
  readonly stoppedReason?: string;
  /** ISO 8601. */
  readonly startedAt?: string;
  readonly stoppedAt?: string;
  readonly containers: readonly EcsContainer[];
}

export interface EcsContainer {
  readonly name: string;
  readonly lastStatus?: string;
  /** Absent where it never ran, or is still at work. */
  readonly exitCode?: number;
  readonly reason?: string;
  readonly log?: EcsLog;
}

/** Where the log of a container is. */
export interface EcsLog {
  readonly driver: string;
  readonly group?: string;
  readonly stream?: string;
  readonly region?: string;
  /** Into the console. */
  readonly link?: string;
}
