import { ecsLines } from '../../client/ecs-text.ts';
import { progressText } from '../../client/progress.ts';
import type { EndedBackup, RunningBackup } from '../../client/status.ts';
import { resultText } from '../../client/status-text.ts';
import type { EndedTask, RunningTask } from '../../client/task-status.ts';
import type { BackupResult, Failure } from '../../workflows/contract/backup.ts';
import { catalogue } from '../../workflows/contract/errors.ts';
import type { TaskResult } from '../../workflows/contract/task.ts';

/** A run as go-cron shows it (github.com/odise/go-cron), field by field and in its order. */
export interface GoCronRun {
  /** Of a command: its own. Else 0 where it ended well, or the exit code that `holdfast` would have; -1: was stopped. */
  readonly Exit_status: number;
  readonly Stdout: string;
  readonly Stderr: string;
  /** RFC 3339 to the second; empty while it runs. */
  readonly ExitTime: string;
  readonly Pid: number;
  readonly StartingTime: string;
}

/** As go-cron says it before the first run. */
export const never: GoCronRun = {
  ...{ Exit_status: 0, Stdout: '', Stderr: '', ExitTime: '', Pid: 0, StartingTime: '' },
};

export function runningBackup(run: RunningBackup): GoCronRun {
  const { progress, troubles, startedAt } = run;
  return {
    ...never,
    Stdout: progress === undefined ? '' : `${progressText(progress, progress, 0)}\n`,
    Stderr: linesOf(troubles),
    Pid: numberOf(run),
    StartingTime: rfc3339(startedAt),
  };
}

export function endedBackup(run: EndedBackup): GoCronRun {
  const { failure, startedAt, endedAt, result, id = '' } = run;
  return {
    Exit_status: exitStatus(failure),
    Stdout: result === undefined ? '' : backupText(id, result),
    Stderr: failure === undefined ? warningOf(run) : failureText(failure),
    ExitTime: rfc3339(endedAt),
    Pid: numberOf(run),
    StartingTime: rfc3339(startedAt),
  };
}

function backupText(id: string, result: BackupResult): string {
  return linesOf([`${id} verified: ${resultText(result)}`, result.manifest, ...ecsLines(result.ecs ?? [])]);
}

export function runningTask(run: RunningTask): GoCronRun {
  const { progress, troubles, startedAt } = run;
  return {
    ...never,
    Stdout: progress === undefined ? '' : outputOf(progress),
    Stderr: `${progress?.stderr.text ?? ''}${linesOf(troubles)}`,
    Pid: progress?.pid ?? numberOf(run),
    StartingTime: progress === undefined ? rfc3339(startedAt) : rfc3339(new Date(progress.startedAt)),
  };
}

export function endedTask(run: EndedTask): GoCronRun {
  const { failure, result } = run;
  return {
    Exit_status: taskExitStatus(run),
    Stdout: result === undefined ? '' : outputOf(result),
    Stderr: `${result?.stderr.text ?? ''}${failure === undefined || result?.exitStatus ? '' : failureText(failure)}`,
    ExitTime: rfc3339(result === undefined ? run.endedAt : new Date(result.endedAt)),
    Pid: result?.pid ?? numberOf(run),
    StartingTime: rfc3339(result === undefined ? run.startedAt : new Date(result.startedAt)),
  };
}

/** What a command wrote; of tasks in ECS what became of them, and where what they wrote is. */
function outputOf({ stdout, ecs = [] }: Pick<TaskResult, 'stdout' | 'ecs'>): string {
  return `${stdout.text}${linesOf(ecsLines(ecs))}`;
}

/** A command that ended with 0 when its time was up has not done its work. */
function taskExitStatus({ result, failure }: EndedTask): number {
  if (result?.signal !== undefined) return bySignal;
  return result?.exitStatus || exitStatus(failure);
}

/** What Go's ExitStatus() says of a process that a signal ended. */
const bySignal = -1;

function exitStatus(failure: Failure | undefined): number {
  if (failure === undefined) return 0;
  if (failure.code === 'RunCancelled') return bySignal;
  return failure.code === 'Unexpected' ? 1 : catalogue[failure.code].exit;
}

function warningOf({ result }: EndedBackup): string {
  const failure = result?.pruneFailure;
  return failure === undefined ? '' : `Old backups could not be removed. ${failureText(failure)}`;
}

function failureText({ code, message }: Failure): string {
  const action = code === 'Unexpected' ? '' : `${catalogue[code].action}\n`;
  return `${code}: ${message}\n${action}`;
}

function linesOf(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** What has no process of its own has a number that is always the same, out of its id in Temporal. */
function numberOf({ runId }: { readonly runId: string }): number {
  return Number.parseInt(runId.slice(0, 8), 16) & 0x7fff_ffff;
}

function rfc3339(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
