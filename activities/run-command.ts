import { hostname } from 'node:os';
import { type CommandEnd, type CommandView, runCommand as run } from '../tasks/command/run.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { RunTaskInput, TaskProgress, TaskResult } from '../workflows/contract/task.ts';
import { StoppedHalfway } from './interruption.ts';
import { openKeeper } from './keep-output.ts';
import { type Step, taskOf } from './step.ts';

/**
 * Runs the command of a task once.
 *
 * @throws TaskFailed and DeadlineExceeded with a `TaskResult` as details, StoppedHalfway with one
 */
export async function runCommand(step: Step<TaskProgress>, input: RunTaskInput): Promise<TaskResult> {
  const { job, id, timeLimit, attempt } = input;
  const { config, signal, onProgress, log } = step;
  const { work } = taskOf(config, job);
  if (work.kind !== 'command')
    throw new HoldfastError('BadRequest', `Task ${job} is work of kind ${work.kind} here, not a command.`);
  const { command, output } = work;
  if (!config.worker.commands) {
    throw new HoldfastError(
      'NoWorker',
      `Task ${job} came to a worker that may run no commands. A worker that may has \`worker: { commands: true }\`.`,
    );
  }
  const host = hostname();
  const onView = ({ pid, startedAt, stdout, stderr }: CommandView, stopping: boolean): void =>
    onProgress({ phase: stopping ? 'stopping' : 'running', pid, host, startedAt, stdout, stderr });
  const facts = { HOLDFAST_JOB: job, HOLDFAST_RUN: id };
  const keeper = output && openKeeper(output, input);
  try {
    const options = {
      env: process.env,
      facts,
      timeLimit,
      signal,
      onView,
      ...(keeper && { keep: keeper.keep }),
    };
    const { stopped, ...end } = await run(`Task ${job}`, command, options);
    const kept = keeper && { kept: keeper.kept() };
    const result: TaskResult = { job, id, kind: 'command', host, ...end, ...kept, attempt };
    log.info('A command ended', { job, id, pid: end.pid, ...howItEnded(end) });
    return judge(result, stopped);
  } finally {
    await keeper?.close();
  }
}
function howItEnded({ exitStatus, signal }: Pick<CommandEnd, 'exitStatus' | 'signal'>) {
  return signal === undefined ? { exitStatus } : { signal };
}

function judge(result: TaskResult, stopped: CommandEnd['stopped']): TaskResult {
  const { job, exitStatus, stderr } = result;
  const details = { ...result };
  const how = endText(result);
  if (stopped === 'asked') {
    const text = `Task ${job} was stopped; its command ended ${how}.`;
    const failure = new HoldfastError('TaskInterrupted', `${text} Its worker was stopped.`, { details });
    throw new StoppedHalfway(text, result, { failure });
  }
  if (stopped === 'time limit') {
    throw new HoldfastError(
      'DeadlineExceeded',
      `Task ${job} was stopped at its deadline; its command ended ${how}.`,
      { details },
    );
  }
  if (exitStatus === 0) return result;
  const said = lastLine(stderr.text);
  const last = said === '' ? '' : `; the end of stderr: ${said}`;
  throw new HoldfastError('TaskFailed', `Task ${job}: its command ended ${how}${last}`, { details });
}

function endText({ exitStatus, signal }: TaskResult): string {
  return signal === undefined ? `with exit status ${exitStatus ?? 'unknown'}` : `by ${signal}`;
}

const longest = 200;

function lastLine(text: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return line.length > longest ? `…${line.slice(-longest)}` : line;
}
