import type { JudgedBackup } from '../../../client/health.ts';
import type { TaskConfig } from '../../../config/config.ts';
import type { TaskProgress, TaskResult } from '../../../workflows/contract/task.ts';
import type { EndedTask, TaskStatus } from '../../../client/task-status.ts';
import type { EndedBackup, JobStatus } from '../../../client/status.ts';
import { jobStatus, overview, unknownStatus } from '../../../worker/status/go-cron.ts';
import { configWith, schedule } from '../../client/settings.ts';

const config = configWith({ consul: schedule('15 * * * *'), etcd: schedule('30 * * * *') });
const runId = '9f3c1a2b-0000-7000-8000-000000000000';
const pid = 0x1f3c1a2b;
const run = {
  workflowId: 'w',
  runId,
  id: '20261122T041500Z',
  startedAt: new Date('2026-11-22T04:15:00.700Z'),
  endedAt: new Date('2026-11-22T04:16:30Z'),
};
const ended: EndedBackup = {
  ...run,
  result: {
    job: 'consul',
    id: '20261122T041500Z',
    content: { records: 12_345, bytes: 1_230_000, digest: '' },
    storedBytes: 3000,
    manifest: 's3://b/consul/20261122T041500Z/manifest.json',
    pruned: [],
  },
};

function judged(
  name: 'consul' | 'etcd',
  status: Partial<JobStatus> = {},
  problems: JudgedBackup['problems'] = [],
): JudgedBackup {
  const job = config.jobs.get(name);
  if (job === undefined) throw new Error('it is there');
  return {
    job,
    status: { job: name, running: [], recent: [], due: [], dropped: [], restore: 'absent', ...status },
    problems,
  };
}
const failed = (message: string): EndedBackup => ({ ...run, failure: { code: 'StoreRefused', message } });
const readAt = new Date();

test('41, 42: before the first run, to the byte as go-cron says it', () => {
  const text = JSON.stringify(jobStatus(judged('consul')), null, 2);
  expect(text.slice(0, text.indexOf(',\n  "Job"'))).toBe(`{
  "Running": {},
  "Last": {
    "Exit_status": 0,
    "Stdout": "",
    "Stderr": "",
    "ExitTime": "",
    "Pid": 0,
    "StartingTime": ""
  },
  "Schedule": "15 * * * *"`);
});

test('41: a run that ended well', () => {
  expect(jobStatus(judged('consul', { last: ended })).Last).toEqual({
    Exit_status: 0,
    Stdout:
      '20261122T041500Z verified: 12,345 records, 1.23 MB, stored 3 kB\ns3://b/consul/20261122T041500Z/manifest.json\n',
    Stderr: '',
    ExitTime: '2026-11-22T04:16:30Z',
    Pid: pid,
    StartingTime: '2026-11-22T04:15:00Z',
  });
});

test('41: one that failed, with what the server said, quotes and all', () => {
  const { Last } = JSON.parse(
    JSON.stringify(jobStatus(judged('consul', { last: failed('Consul said "no"\n\u2028\u0000') }))),
  ) as { Last: object };
  expect(Last).toMatchObject({ Exit_status: 1, Stdout: '' });
  expect(Last).toHaveProperty(
    'Stderr',
    expect.stringContaining('StoreRefused: Consul said "no"\n\u2028\u0000\n'),
  );
});

test('40: a storage that denies the cluster: what the cluster said is in Stderr', () => {
  const said = 'http://s:9200 cannot use its repository: Unable to upload; {"Code":"AccessDenied"}';
  const last = { ...run, failure: { code: 'RepositoryUnusable', message: said } } as const;
  const problems = [{ kind: 'failed', text: said }] as const;
  const status = jobStatus(judged('consul', { last }, problems));
  expect(status).toMatchObject({ Healthy: false, Last: { Exit_status: 1 } });
  expect(status.Last.Stderr).toContain(`RepositoryUnusable: ${said}\n`);
});

test('a run that somebody stopped has the status of a process that a signal ended', () => {
  const stopped = { ...failed(''), failure: { code: 'RunCancelled', message: 'It was cancelled.' } } as const;
  expect(jobStatus(judged('consul', { last: stopped })).Last.Exit_status).toBe(-1);
});

test('what did not go well in a good run stands in Stderr', () => {
  const pruneFailure = { code: 'StorageDenied', message: 'May not delete.' } as const;
  const last = { ...ended, ...(ended.result && { result: { ...ended.result, pruneFailure } }) };
  expect(jobStatus(judged('consul', { last })).Last).toMatchObject({
    Exit_status: 0,
    Stderr: expect.stringMatching(
      /^Old backups could not be removed. StorageDenied: May not delete.\n/,
    ) as unknown,
  });
});

test('43: a run at work, beside the last one', () => {
  const running = [
    {
      ...{ workflowId: 'x', runId, startedAt: new Date('2026-11-22T05:15:00Z') },
      progress: { phase: 'reading', records: 10, bytes: 500, bytesTotal: 1000 } as const,
      troubles: ['capture, attempt 1: nobody answered; tried again'],
    },
  ];
  const status = jobStatus(judged('consul', { last: ended, running }));
  expect(status.Running).toEqual({
    [pid]: {
      Exit_status: 0,
      Stdout: 'reading  50%  10 records  500 B\n',
      Stderr: 'capture, attempt 1: nobody answered; tried again\n',
      ExitTime: '',
      Pid: pid,
      StartingTime: '2026-11-22T05:15:00Z',
    },
  });
  expect(status.Last.ExitTime).toBe('2026-11-22T04:16:30Z');
});

test('45: of several jobs the worst stands for all, and all stand beside it', () => {
  const paused = judged('consul', { last: ended }, [{ kind: 'paused', text: 'It is paused.' }]);
  const bad = judged('etcd', { last: failed('no') }, [{ kind: 'failed', text: 'It failed.' }]);
  const both = overview({ readAt, jobs: [paused, bad], alarms: [] });
  expect(both).toMatchObject({
    Job: 'etcd',
    Schedule: '30 * * * *',
    Healthy: false,
    Last: { Exit_status: 1 },
  });
  expect(both.Problems).toEqual([
    { Job: 'consul', Problem: 'paused', Message: 'It is paused.' },
    { Job: 'etcd', Problem: 'failed', Message: 'It failed.' },
  ]);
  expect(Object.keys(both.Jobs)).toEqual(['consul', 'etcd']);
  expect(both.Jobs['consul']).toEqual(jobStatus(paused));
});

test('where all is well, the run that ended last stands for all', () => {
  const earlier = { ...ended, endedAt: new Date('2026-11-22T03:00:00Z') };
  const state = {
    readAt,
    jobs: [judged('consul', { last: earlier }), judged('etcd', { last: ended })],
    alarms: [],
  };
  expect(overview(state)).toMatchObject({ Job: 'etcd', Healthy: true, Problems: [] });
  expect(overview({ readAt, jobs: [], alarms: [] })).toMatchObject({
    Job: '',
    Healthy: true,
    Last: { Exit_status: 0 },
  });
});

test('where Temporal does not answer, nothing is well', () => {
  const state = { readAt, jobs: [], alarms: [], unreachable: 'Temporal at t:7233 …' };
  const problem = { Job: '', Problem: 'Temporal does not answer', Message: 'Temporal at t:7233 …' };
  expect(overview(state)).toMatchObject({ Healthy: false, Problems: [problem] });
  expect(unknownStatus('consul', state)).toMatchObject({
    Job: 'consul',
    Healthy: false,
    Problems: [problem],
  });
});

describe('60: a task', () => {
  const job = { name: 'rotate', work: { kind: 'command' }, deadline: 1 } as TaskConfig;
  const output = (text: string) => ({ text, bytes: text.length, cut: false });
  const unknownEnd: TaskResult = {
    ...{ job: 'rotate', id: '', kind: 'command', pid: 71, host: 'one', attempt: 1 },
    ...{ stdout: output('said\n'), stderr: output('warned\n') },
    ...{ startedAt: '2026-11-22T04:15:00.100Z', endedAt: '2026-11-22T04:16:00.900Z' },
  };
  const ended60 = {
    ...{ workflowId: 'w', runId, startedAt: new Date(0), endedAt: new Date(0) },
    result: { ...unknownEnd, exitStatus: 7 },
  };
  const of = (status: Partial<TaskStatus>) =>
    jobStatus({
      job,
      status: { job: 'rotate', kind: 'command', running: [], recent: [], due: [], dropped: [], ...status },
      problems: [],
    });
  const failure = { code: 'TaskFailed', message: 'It ended with status 7.' } as const;

  test('has the status, output, process id and times of its command', () => {
    expect(of({ last: { ...ended60, failure } }).Last).toEqual({
      ...{ Exit_status: 7, Stdout: 'said\n', Stderr: 'warned\n', Pid: 71 },
      ...{ StartingTime: '2026-11-22T04:15:00Z', ExitTime: '2026-11-22T04:16:00Z' },
    });
  });

  test.each([
    [{ signal: 'SIGKILL' }, 'TaskFailed', -1],
    [{ exitStatus: 0 }, 'DeadlineExceeded', 1],
    [{}, 'RunCancelled', -1],
  ] as const)('%j after %s has the status %i, and says why', (end, code, status) => {
    const last: EndedTask = {
      ...ended60,
      result: { ...unknownEnd, ...end },
      failure: { code, message: 'Why.' },
    };
    expect(of({ last }).Last).toMatchObject({
      Exit_status: status,
      Stderr: expect.stringMatching(`^warned\n${code}: Why.\n`) as unknown,
    });
  });

  test('27: of tasks in ECS Stdout says what became of them, and where their logs are, at work and after', () => {
    const arn = 'arn:aws:ecs:eu-central-1:1:task/prod/abc';
    const log = { driver: 'awslogs', region: 'eu-central-1', group: '/ecs/report', stream: 'run/app/abc' };
    const container = { name: 'app', lastStatus: 'RUNNING', log };
    const running = { arn, lastStatus: 'RUNNING', containers: [container] };
    const nothing = { stdout: output(''), stderr: output('') };
    const progress = {
      phase: 'running',
      startedAt: '2026-11-22T05:15:00Z',
      ...nothing,
      ecs: [running],
    } as const;
    const stopped = { ...running, lastStatus: 'STOPPED', containers: [{ ...container, exitCode: 3 }] };
    const result = { ...unknownEnd, ...nothing, kind: 'ecs', exitStatus: 3, ecs: [stopped] } as const;
    const place = '    log: awslogs eu-central-1 /ecs/report run/app/abc\n';
    expect(
      of({
        running: [{ workflowId: 'x', runId, startedAt: new Date(0), progress, troubles: [] }],
        last: { ...ended60, result, failure },
      }),
    ).toMatchObject({
      Running: { [pid]: { Stdout: `ECS task abc: RUNNING\n  container app: RUNNING\n${place}` } },
      Last: { Exit_status: 3, Stdout: `ECS task abc: STOPPED\n  container app: exit status 3\n${place}` },
    });
  });

  test('43: at work shows what it has said so far', () => {
    const progress: TaskProgress = {
      ...{ phase: 'running', pid: 72, startedAt: '2026-11-22T05:15:00Z' },
      ...{ stdout: output('half'), stderr: output('') },
    };
    const running = [{ workflowId: 'x', runId, startedAt: new Date(0), progress, troubles: [] }];
    expect(of({ running, last: ended60 })).toMatchObject({
      Running: { 72: { Stdout: 'half', StartingTime: '2026-11-22T05:15:00Z', ExitTime: '' } },
      Last: { Pid: 71 },
    });
  });
});

test('what is wrong with the alarms themselves is told, though the jobs are well', () => {
  const alarms = [{ kind: 'channel fails', channel: 'mail', text: 'The channel mail …' }] as const;
  expect(overview({ readAt, jobs: [judged('consul')], alarms })).toMatchObject({
    Healthy: false,
    Problems: [{ Job: '', Problem: 'channel fails', Message: 'The channel mail …' }],
    Jobs: { consul: { Healthy: true } },
  });
});
