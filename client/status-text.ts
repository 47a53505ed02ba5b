import type { BackupResult } from '../workflows/contract/backup.ts';
import type { Plan, RestoreReport } from '../workflows/contract/restore.ts';
import type { DrillStatus } from './drill-status.ts';
import type { ProofStatus } from './proof-status.ts';
import { bytes, counted, duration, number } from './format.ts';
import { progressText } from './progress.ts';
import { type JudgedBackup, stateLines, stateText } from './health.ts';
import { planLines, shortDigest } from './restore-text.ts';
import {
  ago,
  nextRuns,
  nextText,
  pauseText,
  scheduleInWords,
  scheduleText,
} from './schedules/status-text.ts';
import type { EndedBackup, RestoreDesk, RunningBackup } from './status.ts';
import { table } from './table.ts';

/** One line a job. */
export function statusTable(
  jobs: readonly Pick<JudgedBackup, 'status' | 'problems'>[],
  now: number,
  style: (text: string) => string,
): string[] {
  const columns = [
    { title: 'JOB' },
    { title: 'STATE' },
    { title: 'SCHEDULE' },
    { title: 'NEXT RUN' },
    { title: 'LAST BACKUP' },
    { title: 'AGO', align: 'right' },
    { title: 'RECORDS', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: 'NOW' },
    { title: 'RESTORE' },
  ] as const;
  const rows = jobs.map(({ status, problems }) => {
    const { job, schedule, last, running } = status;
    const content = last?.result?.content;
    return [
      job,
      stateText(problems),
      scheduleText(schedule),
      nextText(schedule, now),
      last === undefined ? 'none yet' : (last.failure?.code ?? last.id ?? 'done'),
      last === undefined ? '' : ago(last.endedAt, now),
      content === undefined ? '' : number(content.records),
      content === undefined ? '' : bytes(content.bytes),
      running.map(runningText).join('; ') || '-',
      deskText(status.restore),
    ];
  });
  return table(columns, rows, style);
}

/** Everything of one job. */
export function statusLines(
  { status, problems }: Pick<JudgedBackup, 'status' | 'problems'>,
  now: number,
): readonly string[] {
  const { job, schedule, last, running, restore, drill, verify } = status;
  return [
    job,
    ...stateLines(problems),
    ...(schedule === undefined
      ? ['  schedule     none (holdfast start-schedule makes it, where the configuration has one)']
      : [
          `  schedule     ${scheduleInWords(schedule)}${schedule.paused ? `, ${pauseText(schedule.note)}` : ''}`,
          ...(schedule.paused ? [] : [`  next runs    ${nextRuns(schedule)}`]),
        ]),
    ...running.flatMap((run) => [
      `  at work      ${run.workflowId}: ${runningText(run)}`,
      ...run.troubles.map((trouble) => `               ${trouble}`),
    ]),
    `  last backup  ${last === undefined ? 'none yet' : lastText(last, now)}`,
    ...(drill === undefined ? [] : [`  last drill   ${drillText(drill, now)}`]),
    ...(verify === undefined ? [] : [`  last verify  ${verifyText(verify, now)}`]),
    `  restore      ${deskText(restore)}`,
    ...(typeof restore === 'string' ? [] : deskLines(job, restore, now)),
  ];
}

function drillText(status: DrillStatus, now: number): string {
  const { backup = '', rtoMilliseconds } = status.lastGood ?? {};
  const rto = rtoMilliseconds === undefined ? '' : `, restored in ${duration(rtoMilliseconds)}`;
  return proofText(status, now, (when) => `proven ${when} ago: ${backup}${rto}`);
}

function verifyText(status: ProofStatus, now: number): string {
  return proofText(status, now, (when) => `all that was read ${when} ago is whole`);
}

function proofText(
  { last, lastGood, running }: ProofStatus,
  now: number,
  good: (when: string) => string,
): string {
  const atWork = running.length > 0 ? '; one is at work' : '';
  if (last?.failure !== undefined)
    return `FAILED ${ago(last.endedAt, now)} ago (${last.failure.code}): ${last.failure.message}${atWork}`;
  if (lastGood === undefined) return `none yet${atWork}`;
  return `${good(ago(lastGood.endedAt, now))}${atWork}`;
}

function runningText({ progress, waitsFor }: RunningBackup): string {
  if (waitsFor !== undefined) return `waits for ${waitsFor}, which writes to this store`;
  return progress === undefined ? 'running' : progressText(progress, progress, 0);
}

function lastText({ id, workflowId, endedAt, result, failure }: EndedBackup, now: number): string {
  const name = id ?? workflowId;
  if (failure !== undefined)
    return `FAILED ${name} ${ago(endedAt, now)} ago (${failure.code}): ${failure.message}`;
  if (result === undefined) return `${name} ${ago(endedAt, now)} ago`;
  return `${name} ${ago(endedAt, now)} ago, verified: ${resultText(result)}; ${result.manifest}`;
}

/** `12,345 records, 1.23 MB, stored 3 kB`. */
export function resultText({ content, storedBytes, unchangedSince }: BackupResult): string {
  const stored =
    unchangedSince === undefined ? `stored ${bytes(storedBytes)}` : `unchanged since ${unchangedSince}`;
  return `${counted(content.records, 'record')}, ${bytes(content.bytes)}, ${stored}`;
}

/** What the restore workflow of a job is at. */
export function deskText(desk: RestoreDesk): string {
  if (desk === 'absent') return 'does not stand by';
  if (desk === 'silent') return 'stands by, but no worker answers';
  const behind = desk.pending === 0 ? '' : `, ${desk.pending} more behind it`;
  if (desk.phase === 'standing by') return 'stands by';
  if (desk.phase === 'waiting for approval' && desk.plan)
    return `plan ${shortDigest(desk.plan)} waits for approval${behind}`;
  return `${desk.phase}${behind}`;
}

function deskLines(job: string, desk: Exclude<RestoreDesk, string>, now: number): readonly string[] {
  return [
    ...(desk.last === undefined ? [] : [`  last restore ${reportText(desk.last, now)}`]),
    ...(desk.phase === 'waiting for approval' && desk.plan ? waitingLines(job, desk.plan) : []),
  ];
}

function waitingLines(job: string, plan: Plan): readonly string[] {
  return [
    ...planLines(plan).map((line) => `    ${line}`),
    `    Approve it: holdfast approve ${job} ${shortDigest(plan)}`,
    `    Decline it: holdfast decline ${job}`,
  ];
}

function reportText(
  { outcome, backup, finishedAt, failure, safetyBackup }: RestoreReport,
  now: number,
): string {
  const why = failure === undefined ? '' : ` (${failure.code}): ${failure.message}`;
  const before = safetyBackup === undefined ? '' : `; what was before: backup ${safetyBackup}`;
  return `${outcome} from ${backup} ${ago(new Date(finishedAt), now)} ago${why}${before}`;
}
