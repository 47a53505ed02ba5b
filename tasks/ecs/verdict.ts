import type { EcsContainer, EcsStarted, EcsTask } from '../../workflows/contract/ecs.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/**
 * Whether tasks that have stopped have done their work: each ended by itself, and every essential container with 0.
 *
 * @throws TaskNotStarted where containers never ran; TaskFailed otherwise. The message has ECS's own reasons.
 */
export function judge(tasks: readonly EcsTask[], started: EcsStarted): void {
  const failed = tasks.map((task) => failureOf(task, started)).filter((failure) => failure !== undefined);
  const [first] = failed;
  if (first === undefined) return;
  const code = failed.every(({ ran }) => !ran) ? 'TaskNotStarted' : 'TaskFailed';
  throw new HoldfastError(code, failed.map(({ text }) => text).join(' '));
}

/** A task that has not run after so long will not: its image cannot be pulled, or there is no room for it. */
export function refuseLateStart(
  tasks: readonly EcsTask[],
  { startedAt }: EcsStarted,
  launchTimeout: number,
): void {
  if (Date.now() - Date.parse(startedAt) < launchTimeout) return;
  const late = tasks.filter(({ lastStatus }) => /^(PROVISIONING|PENDING|ACTIVATING)$/.test(lastStatus));
  if (late.length === 0) return;
  const states = late.map(({ arn, lastStatus }) => `${shortName(arn)} is ${lastStatus}`);
  const text = `not running ${Math.round(launchTimeout / 1000)} s after RunTask (launch_timeout): ${states.join(', ')}`;
  throw new HoldfastError('TaskNotStarted', `ECS did not start the task in time: ${text}.`);
}

interface TaskFailure {
  readonly text: string;
  readonly ran: boolean;
}

function failureOf(task: EcsTask, { containers }: EcsStarted): TaskFailure | undefined {
  const { arn, stopCode, stoppedReason } = task;
  const essential = new Set(containers.filter((plan) => plan.essential).map(({ name }) => name));
  const bad = task.containers
    .filter(({ name, exitCode }) => essential.has(name) && exitCode !== 0)
    .map(containerText);
  const cause = [stopCode, stoppedReason].filter(Boolean).join(': ');
  if (stopCode === 'TaskFailedToStart') {
    return { ran: false, text: sentence(`Task ${shortName(arn)} did not start`, [cause, ...bad]) };
  }
  // Who was stopped from outside may end with 0, and has not done its work.
  const cutShort = stopCode !== undefined && stopCode !== 'EssentialContainerExited';
  if (bad.length === 0 && !cutShort) return undefined;
  const how = cutShort ? 'was stopped from outside' : 'failed';
  return { ran: true, text: sentence(`Task ${shortName(arn)} ${how}`, [...bad, cause]) };
}

function containerText({ name, exitCode, reason }: EcsContainer): string {
  const how = exitCode === undefined ? 'ended without an exit code' : `ended with exit status ${exitCode}`;
  return `container ${name} ${how}${reason === undefined ? '' : ` (${reason})`}`;
}

function sentence(start: string, parts: readonly string[]): string {
  const said = parts.filter((part) => part !== '').join('; ');
  return `${start}${said === '' ? '' : `: ${said.replace(/\.$/, '')}`}.`;
}

/** The last part of an ARN: what the console shows. */
function shortName(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}
