import { kindOfSchedule, type ScheduledKind, watchWorkflowId } from '../../workflows/contract/names.ts';
import type { StandbyStep } from '../standby.ts';
import { localTime } from '../time.ts';
import type { ScheduleStep } from './difference.ts';
import type { LiveSchedule } from './live.ts';
import type { Reconciliation } from './reconcile.ts';
import { timesInWords } from './times.ts';

/** One line for each schedule and restore workflow, with its mark: `+` new, `~` changed, `-` removed, `=` as it is. */
export function planLines({ schedules, standbys, watch }: Reconciliation): readonly string[] {
  const ids = [...schedules.map(idOf), ...standbys.map(({ id }) => id)];
  const width = Math.max(0, ...ids.map(({ length }) => length));
  const line = (mark: string, id: string, what: string): string => `${mark} ${id.padEnd(width)}  ${what}`;
  return [
    ...schedules.flatMap((step) => scheduleLines(step, line)),
    ...standbys.map((step) => standbyLine(step, line)),
    ...(watch === undefined ? [] : [watchLine(watch, line)]),
  ];
}

type Line = (mark: string, id: string, what: string) => string;

function idOf(step: ScheduleStep): string {
  return 'live' in step ? step.live.id : step.wanted.id;
}

function scheduleLines(step: ScheduleStep, line: Line): readonly string[] {
  switch (step.kind) {
    case 'create': {
      const { cron, 'time zone': timezone } = step.wanted.fields;
      return [line('+', step.wanted.id, `create: ${cron} (${timezone})${inWords(cron)}`)];
    }
    case 'change':
      return [
        line('~', step.live.id, `change${pauseText(step.live)}`),
        ...step.changes.map(
          ({ field, from, to }) =>
            `    ${field}: ${from || '(none)'} → ${to || '(none)'}${field === 'cron' ? inWords(to) : ''}`,
        ),
      ];
    case 'keep':
      return [
        line(
          '=',
          step.live.id,
          `unchanged: ${step.live.fields.cron}${inWords(step.live.fields.cron)}${pauseText(step.live)}`,
        ),
      ];
    case 'remove':
      return [
        line('-', step.live.id, `remove: the configuration no longer schedules ${whatOf(step.live, runsOf)}`),
      ];
    case 'blocked':
      return [
        line('!', step.wanted.id, 'left alone: a schedule of that name exists, and Holdfast did not make it'),
      ];
  }
}

/** A misread cron text is seen here, before it runs at the wrong time. */
function inWords(cron: string): string {
  const words = timesInWords(cron);
  return words === '' ? '' : `, ${words}`;
}

function standbyLine({ kind, id, job }: StandbyStep, line: Line): string {
  switch (kind) {
    case 'start':
      return line('+', id, 'start: it stands by for restore requests');
    case 'keep':
      return line('=', id, 'unchanged: it stands by for restore requests');
    case 'stop':
      return line('-', id, `stop, if it is idle: job ${job} is no longer in the configuration`);
  }
}

function watchLine(watch: 'start' | 'keep', line: Line): string {
  return watch === 'start'
    ? line('+', watchWorkflowId, 'start: it watches over all jobs, and sends alarms')
    : line('=', watchWorkflowId, 'unchanged: it watches over all jobs, and sends alarms');
}

/** Pauses are a person's: they are shown, and stay. */
function pauseText({ paused, note }: LiveSchedule): string {
  if (!paused) return '';
  return note === '' ? ', stays paused' : `, stays paused (${note})`;
}

/** The next times of each schedule on its own clock. */
export function nextRunLines(live: readonly LiveSchedule[]): readonly string[] {
  return live.map((schedule) => {
    const { fields, paused, nextRuns } = schedule;
    const times = nextRuns.slice(0, 3).map((time) => localTime(time, fields['time zone']));
    const runs = paused ? 'none while it is paused' : times.join(', ') || 'none';
    return `  ${whatOf(schedule, nameOf)}  ${runs}`;
  });
}

type Naming = Readonly<Record<ScheduledKind, (job: string) => string>>;

const runsOf: Naming = {
  backup: (job) => `job ${job}`,
  task: (job) => `job ${job}`,
  drill: (job) => `drills of job ${job}`,
  verify: (job) => `verification of job ${job}`,
};

const nameOf: Naming = {
  backup: (job) => job,
  task: (job) => job,
  drill: (job) => `${job} (drill)`,
  verify: (job) => `${job} (verify)`,
};

function whatOf({ id, job = '' }: LiveSchedule, naming: Naming): string {
  const kind = kindOfSchedule(job, id);
  return kind === undefined ? id : naming[kind](job);
}

/** What `--json` shows of a plan. */
export function planJson({ schedules, standbys, watch }: Reconciliation, live: readonly LiveSchedule[]) {
  const after = new Map(live.map((schedule) => [schedule.id, schedule]));
  return {
    schedules: schedules.map((step) => {
      const wanted = 'wanted' in step ? step.wanted : undefined;
      const before = 'live' in step ? step.live : undefined;
      const id = wanted?.id ?? before?.id ?? '';
      const now = after.get(id) ?? before;
      return {
        id,
        job: wanted?.job ?? before?.job,
        action: step.kind,
        ...(step.kind === 'change' && { changes: step.changes }),
        ...(now && { paused: now.paused, note: now.note, nextRuns: now.nextRuns }),
      };
    }),
    restores: standbys.map(({ id, job, kind }) => ({ id, job, action: kind })),
    ...(watch && { watch: { id: watchWorkflowId, action: watch } }),
  };
}
