import { parseConfig } from '../../../config/load.ts';
import type { JudgedBackup, JudgedTask, Problem } from '../../../client/health.ts';
import type { RecentRun } from '../../../client/runs.ts';
import { wantedSchedules } from '../../../client/schedules/definition.ts';
import type { LiveSchedule } from '../../../client/schedules/live.ts';
import type { JobStatus } from '../../../client/status.ts';
import type { RestoreStatus } from '../../../workflows/contract/restore.ts';
import type { State } from '../../../worker/status/state.ts';

/** An installation on an ordinary day: most jobs are well, one failed, one is paused, one is at work. */
const readAt = new Date('2026-11-22T12:00:00Z');

const config = parseConfig(
  `
storages: { main: { s3: { bucket: backups } } }
jobs:
  consul-prod: { storage: main, consul: { address: 'http://c:8500' }, schedule: { cron: '15 * * * *', timezone: Europe/Berlin } }
  consul-staging: { storage: main, consul: { address: 'http://c:8500' } }
  etcd-prod: { storage: main, etcd: { endpoints: ['http://e:2379'] }, schedule: '30 * * * *' }
  search-prod: { storage: main, elasticsearch: { addresses: ['http://s:9200'], repository: { name: r } }, schedule: '@daily' }
  archive: { storage: main, consul: { address: 'http://c:8500' }, schedule: '@weekly' }
  rotate-logs: { command: { shell: rotate }, schedule: '*/10 * * * *' }
`,
  'holdfast.yaml',
  { env: {}, unset: 'fail' },
);

const hour = 3_600_000;
const before = (milliseconds: number): Date => new Date(readAt.getTime() - milliseconds);
const after = (milliseconds: number): Date => before(-milliseconds);

/** Runs at regular distances, the latest first; `sizes` of `undefined` failed. */
function runsOf(job: string, distance: number, sizes: readonly (number | undefined)[]): RecentRun[] {
  return sizes.map((bytes, index) => {
    const startedAt = before((index + 0.75) * distance);
    const end = new Date(startedAt.getTime() + 9_000 + (index % 5) * 2_000);
    const workflowId = `backup-${job}-${startedAt.toISOString().replace(/\.\d+Z/, 'Z')}`;
    const runId = `${(index + 1).toString(16).padStart(8, '0')}-0000-7000-8000-000000000000`;
    const good = bytes !== undefined;
    const run = { workflowId, runId, dueAt: startedAt, startedAt, endedAt: end, good, scheduled: true };
    return bytes === undefined ? run : { ...run, bytes };
  });
}

function scheduleOf(job: string, nextRuns: readonly Date[], more: Partial<LiveSchedule> = {}): LiveSchedule {
  const wanted = wantedSchedules(config).find((candidate) => candidate.job === job);
  if (wanted === undefined) throw new Error(`${job} has a schedule`);
  const { id, fields } = wanted;
  const quiet = { paused: false, note: '', changedAt: before(999 * hour), skipped: 0, missed: 0 };
  return { id, job, fields, ...quiet, nextRuns, ...more };
}

function backup(
  name: string,
  recent: readonly RecentRun[],
  more: Partial<JobStatus> = {},
  problems: readonly Problem[] = [],
): JudgedBackup {
  const job = config.jobs.get(name);
  if (job === undefined) throw new Error(`${name} is there`);
  const [last] = recent;
  const lastGood = recent.find(({ good }) => good);
  const result = lastGood === last && lastGood !== undefined && resultOf(name, lastGood);
  return {
    job,
    status: {
      ...{
        job: name,
        running: [],
        recent,
        due: [],
        dropped: [],
        restore: { phase: 'standing by', pending: 0 },
      },
      ...(last && { last: { ...last, id: '20261122T111500Z', ...(result && { result }) } }),
      ...(lastGood && { lastGood }),
      ...more,
    },
    problems,
  };
}

function resultOf(job: string, { bytes = 0 }: RecentRun) {
  const id = '20261122T111500Z';
  const content = { records: Math.round(bytes / 97), bytes, digest: '' };
  const manifest = `s3://backups/${job}/${id}/manifest.json`;
  return { job, id, content, storedBytes: Math.round(bytes / 4), manifest, pruned: [] };
}

const growing = Array.from({ length: 40 }, (_, index) =>
  index === 9 || index === 23 ? undefined : Math.round(2_900_000 - index * 21_000 + Math.sin(index) * 90_000),
);
const steady = Array.from({ length: 40 }, (_, index) => 812_000_000 + (index % 7) * 14_000_000);

const digest = '5f0c2a9b7d11'.padEnd(64, '0');
const waiting: RestoreStatus = {
  phase: 'waiting for approval',
  pending: 0,
  plan: {
    ...{ restoreId: 'r', job: 'consul-prod', toJob: 'consul-prod', backup: '20261122T101500Z' },
    mode: 'mirror',
    ...{
      from: { prefix: 'app/' },
      to: { prefix: 'app/' },
      storeIndex: '1',
      digest,
      object: 'restores/r/plan.ndjson.zst',
    },
    ...{ add: 2, change: 1, remove: 1, equal: 1204, keep: 0, refused: 0 },
    examples: [
      { op: 'add', key: 'app/flags/<b>"new"</b>', seen: '0' },
      { op: 'add', key: 'app/flags/old', seen: '0' },
      { op: 'change', key: 'app/limits', seen: '7' },
      { op: 'remove', key: 'app/leftover', seen: '9' },
    ],
  },
};

const why = 'http://s:9200 refuses: {"error":{"type":"security_exception","reason":"missing <privileges>"}}';
const failure = { code: 'StoreRefused', message: why } as const;
const failedRuns = runsOf('search-prod', 24 * hour, [undefined, ...steady.slice(0, 20)]);
const [failedRun] = failedRuns;
if (failedRun === undefined) throw new Error('there is one');

const rotations: readonly RecentRun[] = runsOf(
  'rotate-logs',
  600_000,
  Array.from({ length: 30 }, () => 1),
);

const task = config.tasks.get('rotate-logs');
if (task === undefined) throw new Error('it is there');
const output = (text: string) => ({ text, bytes: text.length, cut: false });
const rotate: JudgedTask = {
  job: task,
  status: {
    ...{ job: 'rotate-logs', kind: 'command', running: [], due: [], dropped: [] },
    schedule: scheduleOf('rotate-logs', [after(600_000)], { skipped: 3 }),
    recent: rotations,
    ...(rotations[0] && {
      lastGood: rotations[0],
      last: {
        ...rotations[0],
        result: {
          ...{
            job: 'rotate-logs',
            id: '20261122T115000Z',
            kind: 'command',
            exitStatus: 0,
            pid: 71,
            host: 'worker-1',
          },
          ...{ stdout: output('rotated 12 files\n'), stderr: output('') },
          ...{
            startedAt: rotations[0].startedAt.toISOString(),
            endedAt: rotations[0].endedAt.toISOString(),
            attempt: 1,
          },
        },
      },
    }),
  },
  problems: [],
};

const runId = 'deadbeef-0000-7000-8000-000000000000';
const reading = { phase: 'reading', records: 48_211, bytes: 61_000_000, bytesTotal: 96_000_000 } as const;

/** On an ordinary day. */
export const troubled: State = {
  readAt,
  alarms: [],
  jobs: [
    backup('consul-prod', runsOf('consul-prod', hour, growing), {
      schedule: scheduleOf('consul-prod', [after(900_000), after(900_000 + hour)]),
      restore: waiting,
    }),
    backup('consul-staging', []),
    backup('etcd-prod', runsOf('etcd-prod', hour, steady), {
      schedule: scheduleOf('etcd-prod', [after(1_800_000)]),
      running: [{ workflowId: 'w', runId, startedAt: before(40_000), progress: reading, troubles: [] }],
    }),
    backup(
      'search-prod',
      failedRuns,
      { schedule: scheduleOf('search-prod', [after(12 * hour)]), last: { ...failedRun, failure } },
      [{ kind: 'failed', text: `The last run of search-prod failed. ${why}` }],
    ),
    backup(
      'archive',
      runsOf('archive', 168 * hour, [4_100_000_000, 4_050_000_000, 3_800_000_000]),
      { schedule: scheduleOf('archive', [], { paused: true, note: 'moving to the new rack' }) },
      [
        {
          kind: 'paused',
          text: 'The schedule of archive is paused (moving to the new rack): it starts no runs.',
        },
      ],
    ),
    rotate,
  ],
};

/** The same when nothing is wrong. */
export const calm: State = {
  readAt,
  alarms: [],
  jobs: troubled.jobs.filter(({ problems }) => problems.length === 0),
};
