import type { OutputTail, TaskOutput, TaskResult } from '../workflows/contract/task.ts';
import { ecsLines } from './ecs-text.ts';
import { bytes, duration } from './format.ts';
import { type JudgedTask, stateLines, stateText } from './health.ts';
import type { EndedTask } from './task-status.ts';
import {
  ago,
  nextRuns,
  nextText,
  pauseText,
  scheduleInWords,
  scheduleText,
} from './schedules/status-text.ts';
import { table } from './table.ts';

/** One line a task. */
export function taskTable(
  tasks: readonly Pick<JudgedTask, 'status' | 'problems'>[],
  now: number,
  style: (text: string) => string,
): string[] {
  const columns = [
    { title: 'TASK' },
    { title: 'STATE' },
    { title: 'SCHEDULE' },
    { title: 'NEXT RUN' },
    { title: 'LAST RUN' },
    { title: 'AGO', align: 'right' },
    { title: 'TOOK', align: 'right' },
    { title: 'SKIPPED', align: 'right' },
    { title: 'NOW' },
  ] as const;
  const rows = tasks.map(({ status: { job, schedule, last, running }, problems }) => [
    job,
    stateText(problems),
    scheduleText(schedule),
    nextText(schedule, now),
    last === undefined ? 'none yet' : lastWord(last),
    last === undefined ? '' : ago(last.endedAt, now),
    last?.result === undefined ? '' : took(last.result),
    schedule === undefined ? '' : String(schedule.skipped),
    running.map(({ progress }) => progress?.phase ?? 'waiting').join('; ') || '-',
  ]);
  return table(columns, rows, style);
}

function lastWord({ result, failure }: EndedTask): string {
  if (failure === undefined) return 'done';
  if (result?.exitStatus !== undefined) return `exit ${result.exitStatus}`;
  return failure.code;
}

/** Everything of one task. */
export function taskLines(
  { status, problems }: Pick<JudgedTask, 'status' | 'problems'>,
  now: number,
): readonly string[] {
  const { job, kind, schedule, last, running } = status;
  return [
    `${job} (${kind})`,
    ...stateLines(problems),
    ...(schedule === undefined
      ? ['  schedule     none (holdfast start-schedule makes it, where the configuration has one)']
      : [
          `  schedule     ${scheduleInWords(schedule)}${schedule.paused ? `, ${pauseText(schedule.note)}` : ''}`,
          ...(schedule.paused ? [] : [`  next runs    ${nextRuns(schedule)}`]),
          `  skipped      ${schedule.skipped}, because another run was at work; ${schedule.missed} missed`,
        ]),
    ...running.flatMap(({ workflowId, progress, troubles, startedAt }) => [
      `  at work      ${workflowId}: for ${ago(startedAt, now)}${progress?.pid === undefined ? '' : `, process ${progress.pid} on ${progress.host ?? ''}`}`,
      ...troubles.map((trouble) => `               ${trouble}`),
      ...(progress === undefined ? [] : outputLines(progress).map((line) => `    ${line}`)),
    ]),
    `  last run     ${last === undefined ? 'none yet' : lastText(last, now)}`,
    ...(last?.result === undefined ? [] : outputLines(last.result).map((line) => `    ${line}`)),
  ];
}

function lastText({ workflowId, endedAt, result, failure }: EndedTask, now: number): string {
  const end = result === undefined ? '' : `; ${endLine(result)}`;
  if (failure === undefined) return `${workflowId} ${ago(endedAt, now)} ago${end}`;
  return `FAILED ${workflowId} ${ago(endedAt, now)} ago (${failure.code}): ${failure.message}${end}`;
}

/** `rotate 20261122T041500Z: exit status 0 after 3s (process 71 on host-1)`. */
export function endLine({
  job,
  id,
  exitStatus,
  signal,
  pid,
  host,
  startedAt,
  endedAt,
  attempt,
}: TaskResult): string {
  const end = exitStatus === undefined ? (signal ?? 'end not known') : `exit status ${exitStatus}`;
  const where = pid === undefined ? '' : ` (process ${pid} on ${host ?? ''})`;
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return `${job} ${id}: ${end} after ${took({ startedAt, endedAt })}${where}${again}`;
}

function took({ startedAt, endedAt }: Pick<TaskResult, 'startedAt' | 'endedAt'>): string {
  return duration(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)));
}

/** What it wrote, as far as it is in Temporal, and where the whole is; of tasks in ECS what became of them. */
export function outputLines({
  stdout,
  stderr,
  kept,
  ecs = [],
}: TaskOutput & Pick<TaskResult, 'kept' | 'ecs'>): readonly string[] {
  return [
    ...streamLines('stdout', stdout),
    ...streamLines('stderr', stderr),
    ...ecsLines(ecs),
    ...(kept === undefined ? [] : [`the whole: ${kept.stdout}, ${kept.stderr}`]),
    ...(kept?.failure === undefined
      ? []
      : [`The whole could not be kept (${kept.failure.code}): ${kept.failure.message}`]),
  ];
}

function streamLines(name: string, { text, bytes: all, cut }: OutputTail): readonly string[] {
  if (all === 0) return [];
  const head = cut ? [`${name}: (the end of ${bytes(all)})`] : [`${name}:`];
  return [
    ...head,
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}
