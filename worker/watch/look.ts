import type { Client } from '@temporalio/client';
import type { Channel } from '../../alarms/settings.ts';
import {
  type JudgedBackup,
  type JudgedTask,
  problemLevels,
  readJudgedBackup,
  readJudgedTask,
} from '../../client/health.ts';
import { shortDigest } from '../../client/restore-text.ts';
import { resultText } from '../../client/status-text.ts';
import type { Config } from '../../config/config.ts';
import { createRedaction } from '../../config/redact.ts';
import type {
  Alarm,
  ChannelDescription,
  Ending,
  Observation,
  SeenRuns,
} from '../../workflows/contract/alarms.ts';
import { controlQueue, workflowTypes } from '../../workflows/contract/names.ts';
import type { RestoreStatus } from '../../workflows/contract/restore.ts';

/** Milliseconds that Temporal has to answer all of it. */
const patience = 30_000;
/** Characters of what is said of an alarm: it enters the history. */
const longest = 600;

/** How all jobs are now, by the judgement of `holdfast status` and the status page. */
export async function lookAtAll(client: Client, config: Config, seen: SeenRuns): Promise<Observation> {
  const [backups, tasks] = await client.connection.withDeadline(Date.now() + patience, () =>
    Promise.all([
      Promise.all([...config.jobs.values()].map((job) => readJudgedBackup(client, job))),
      Promise.all([...config.tasks.values()].map((task) => readJudgedTask(client, task))),
    ]),
  );
  const latest = [...backups.flatMap(latestOfBackup), ...tasks.map(latestOfTask)];
  const redact = createRedaction(config);
  return redact({
    at: new Date().toISOString(),
    alarms: [...backups.flatMap(alarmsOf), ...tasks.flatMap(alarmsOf), ...backups.flatMap(waitingRestore)],
    endings: latest.flatMap(({ key, run, ending }) =>
      ending !== undefined && seen[key] !== undefined && seen[key] !== run ? [shortened(ending)] : [],
    ),
    seen: { ...seen, ...Object.fromEntries(latest.map(({ key, run }) => [key, run])) },
    channels: [...config.alarms.values()].map((channel) => describeChannel(channel, config)),
  });
}

/** Something that changes with each run that ends: one request tells whether a look at all is worth while. */
export async function readNewestEnd(client: Client): Promise<string> {
  const query = `TaskQueue = '${controlQueue}' AND WorkflowType != '${workflowTypes.watch}' AND ExecutionStatus != 'Running'`;
  for await (const { runId } of client.workflow.list({ query, pageSize: 1 })) return runId;
  return '';
}

/** The latest run of a kind that ended; an empty run id where none has. */
interface Latest {
  readonly key: string;
  readonly run: string;
  readonly ending?: Ending;
}

function latestOfBackup({ status }: JudgedBackup): readonly Latest[] {
  const { job, last, restore } = status;
  const backup: Latest = {
    key: `backup ${job}`,
    run: last?.runId ?? '',
    ...(last && {
      ending: {
        ...{ job, what: 'backup', good: last.failure === undefined, endedAt: last.endedAt.toISOString() },
        text:
          last.failure?.message ??
          `Backup ${last.id ?? ''} of ${job}${last.result ? `: ${resultText(last.result)}` : ''}`,
      },
    }),
  };
  // A restore workflow that does not answer says nothing: its last run is then not known, rather than none.
  return typeof restore === 'string' ? [backup] : [backup, latestRestore(job, restore)];
}

function latestRestore(job: string, { last }: RestoreStatus): Latest {
  const key = `restore ${job}`;
  if (last === undefined) return { key, run: '' };
  const { restoreId, outcome, backup, finishedAt, failure } = last;
  const text = failure?.message ?? `Restore of ${job} from ${backup}: ${outcome}`;
  return {
    ...{ key, run: restoreId },
    ending: { job, what: 'restore', good: failure === undefined, text, endedAt: finishedAt },
  };
}

function latestOfTask({ status: { job, last } }: JudgedTask): Latest {
  if (last === undefined) return { key: `task ${job}`, run: '' };
  const good = last.failure === undefined;
  const text = last.failure?.message ?? `Task ${job} is done.`;
  return {
    ...{ key: `task ${job}`, run: last.runId },
    ending: { job, what: 'task', good, text, endedAt: last.endedAt.toISOString() },
  };
}

function alarmsOf({ job: { name }, problems }: JudgedBackup | JudgedTask): readonly Alarm[] {
  return problems.map(({ kind, text }) =>
    shortened({ key: `${name}: ${kind}`, job: name, problem: kind, level: problemLevels[kind], text }),
  );
}

function waitingRestore({ job: { name }, status: { restore } }: JudgedBackup): readonly Alarm[] {
  if (typeof restore === 'string' || restore.phase !== 'waiting for approval' || !restore.plan) return [];
  const text =
    `A restore of ${name} from ${restore.plan.backup} waits for its approval: holdfast approve ${name} ` +
    `${shortDigest(restore.plan)}, or holdfast decline ${name}.`;
  return [{ key: `${name}: restore waits`, job: name, problem: 'restore waits', level: 'info', text }];
}

function describeChannel(
  { name, level, jobs, remindAfter, way }: Channel,
  config: Config,
): ChannelDescription {
  // A switch is tested with the name of a job that it guards.
  const guarded = jobs ?? (way.kind === 'ping' ? [...config.jobs.keys(), ...config.tasks.keys()] : undefined);
  return {
    ...{ name, kind: way.kind, level },
    ...(guarded && { jobs: guarded }),
    ...(remindAfter !== undefined && { remindAfter }),
  };
}

function shortened<Said extends { readonly text: string }>(said: Said): Said {
  const { text } = said;
  return text.length > longest ? { ...said, text: `${text.slice(0, longest)}…` } : said;
}
