import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { commandQueue } from '../workflows/contract/names.ts';
import { isPassing } from './grpc.ts';
import { hasWorker } from './has-worker.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import { createProgressLine, type ProgressLine } from './progress.ts';
import { viewOf, type WaitingQueue } from './run-view.ts';

export interface RunReference {
  readonly workflowId: string;
  readonly runId?: string;
}

/** Milliseconds between two looks at a run. */
const interval = 1000;
/** For so long a Temporal that went away is waited for. */
const patience = 10 * 60_000;

/**
 * Shows on stderr what goes on in a run, until `ended` gives its result: progress, failed attempts, and work that
 * no worker takes. `look` is called after each look, while the progress line is out of the way only if it clears it.
 */
export async function follow<T>(
  client: Client,
  io: Io,
  run: RunReference,
  ended: () => Promise<T>,
  look: (line: ProgressLine) => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  const line = createProgressLine(io);
  const watch = createWatch(client, io, line);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  // The SDK listens once more with each of its long polls.
  setMaxListeners(0, signal);
  const end = patiently(io, () => client.connection.withAbortSignal(signal, ended));
  try {
    while (!(await settles(end, io.signal))) {
      await patiently(io, () => watch(run));
      await look(line);
    }
    return await end;
  } finally {
    line.clear();
    stop.abort();
  }
}

/** Whether it is settled within one interval. Its failure is the caller's: here it only ends the waiting. */
async function settles(promise: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  const timer = new AbortController();
  const pause = sleep(interval, false, { signal: AbortSignal.any([signal, timer.signal]) });
  pause.catch(() => undefined);
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      pause,
    ]);
  } finally {
    timer.abort();
  }
}

/** Asks again while Temporal is away: what runs there goes on when it is back. */
export async function patiently<T>(io: Io, request: () => Promise<T>): Promise<T> {
  let awaySince: number | undefined;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      io.signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (awaySince === undefined) say(io, 'Temporal does not answer; still trying. Nothing is lost by it.');
      awaySince ??= Date.now();
      if (Date.now() - awaySince > patience) throw error;
      await sleep(interval, undefined, { signal: io.signal });
    }
  }
}

/** Each message is shown once. */
function createWatch(client: Client, io: Io, line: ProgressLine): (run: RunReference) => Promise<void> {
  const said = new Set<string>();
  const sayOnce = (key: string, text: string): void => {
    if (said.has(key)) return;
    said.add(key);
    line.clear();
    say(io, text);
  };
  const watch = async ({ workflowId, runId }: RunReference): Promise<void> => {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const view = viewOf(raw, Date.now());
    for (const trouble of view.troubles) sayOnce(trouble.replace(/; tried again.*$/, ''), trouble);
    if (view.waitsFor !== undefined) {
      sayOnce(view.waitsFor, `${view.waitsFor} writes to this store; the backup begins when it has ended.`);
    }
    for (const queue of view.untaken) {
      if (!(await hasWorker(client, queue))) sayOnce(`${queue.kind} ${queue.name}`, noWorkerText(queue));
    }
    if (view.progress !== undefined) line.update(view.progress);
    for (const child of view.children) await watch(child);
  };
  return watch;
}

function noWorkerText({ name }: WaitingQueue): string {
  const what = name === commandQueue ? 'one that allows commands (`worker: { commands: true }`)' : 'one';
  return (
    `No worker takes work from the task queue "${name}" (NoWorker). Start ${what} with \`npm run worker\`; ` +
    'the run goes on by itself as soon as it is there.'
  );
}
