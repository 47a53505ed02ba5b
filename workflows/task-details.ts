import { setCurrentDetails } from '@temporalio/workflow';
import type { Failure } from './contract/backup.ts';
import type { OutputTail, TaskDescription, TaskResult } from './contract/task.ts';
import { ecsRows } from './ecs-rows.ts';
import { advice } from './failure.ts';
import { code, facts, page, prose, size, time } from './markdown.ts';

/** What the Temporal UI shows of a task while it runs and after it. */
export interface TaskDetails {
  described(description: TaskDescription): void;
  attempting(attempt: number): void;
  attemptFailed(attempt: number, failure: Failure, result: TaskResult | undefined): void;
  finished(result: TaskResult): void;
  failed(failure: Failure, result: TaskResult | undefined): void;
  cancelled(result: TaskResult | undefined): void;
}

export function showTask(job: string, id: string, reason: 'manual' | 'schedule'): TaskDetails {
  const rows: [string, string][] = [
    ['task', `${code(job)}, run ${code(id)}`],
    ['reason', reason],
  ];
  const failures: [string, string][] = [];
  const show = (heading: string, result: TaskResult | undefined, ...parts: string[]): void =>
    setCurrentDetails(
      page(
        `**${heading}**`,
        ...parts,
        facts([...rows, ...failures, ...(result === undefined ? [] : resultRows(result))]),
      ),
    );
  return {
    described: ({ kind, summary, deadline }) =>
      rows.push([kind, code(summary)], ['deadline', `${deadline / 1000} s`]),
    attempting: (attempt) => show(attempt === 1 ? 'Running…' : `Running, attempt ${attempt}…`, undefined),
    attemptFailed(attempt, failure, result) {
      failures.push([`attempt ${attempt}`, prose(failure.message)]);
      show('Failed, and run again soon…', result);
    },
    finished: (result) => show('Done', result),
    failed: (failure, result) =>
      show(`Failed: ${failure.code}`, result, prose(failure.message), prose(advice(failure))),
    cancelled: (result) => show('Cancelled', result),
  };
}

function resultRows(result: TaskResult): [string, string][] {
  const { exitStatus, signal, pid, host, startedAt, endedAt, stdout, stderr, kept, ecs } = result;
  return [
    ...(exitStatus === undefined ? [] : [['exit status', String(exitStatus)] as [string, string]]),
    ...(signal === undefined ? [] : [['ended by', signal] as [string, string]]),
    ...(pid === undefined ? [] : [['process', `${pid} on ${code(host ?? '')}`] as [string, string]]),
    ['from, to', `${time(startedAt)}, ${time(endedAt)}`],
    ...(ecs === undefined
      ? ([
          ['stdout', outputText(stdout)],
          ['stderr', outputText(stderr)],
        ] as [string, string][])
      : ecs.flatMap(ecsRows)),
    ...(kept === undefined
      ? []
      : [['the whole', `${code(kept.stdout)}, ${code(kept.stderr)}`] as [string, string]]),
    ...(kept?.failure === undefined ? [] : [['not kept', prose(kept.failure.message)] as [string, string]]),
  ];
}

/** The last line is enough here; the result of the run holds more. */
function outputText({ text, bytes }: OutputTail): string {
  if (bytes === 0) return 'nothing';
  return `${size(bytes)}, its last line: ${code(text.trimEnd().split('\n').at(-1) ?? '')}`;
}
