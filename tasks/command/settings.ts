/** A command that a worker runs. Built from `command:` of a job. */
export interface CommandSettings {
  /** The program and its arguments, as they are; `/bin/sh -c TEXT` where the job has `shell: TEXT`. */
  readonly argv: readonly [string, ...string[]];
  /** Absolute. */
  readonly directory: string;
  /** What it gets besides the few variables that every program expects (environment.ts). */
  readonly env: Readonly<Record<string, string>>;
  /** `user`, `user:group`, by name or number. Absent: the worker's own. */
  readonly user?: string;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  /** How often it is run again when it failed. */
  readonly retries: number;
}
