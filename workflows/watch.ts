import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { commandNotice, notice, observing } from './activities.ts';
import type { ChannelDescription, Notice, TestAlarms, TestedChannel, WatchInput } from './contract/alarms.ts';
import { failureOf } from './failure.ts';
import { testAlarms } from './messages.ts';
import { showWatch } from './watch-details.ts';
import { afterTelling, dueNotices, inMessages, nextReminder } from './watch-notices.ts';
import {
  allStanding,
  carriedOn,
  learn,
  memoryOf,
  publishFailing,
  remembered,
  type WatchState,
} from './watch-state.ts';

/** Events after which it continues as new. */
const longEnough = 500;
/** Milliseconds after which an observation ends, whatever happens. */
const patience = 300_000;
/** Milliseconds between two attempts at a channel that fails. */
const retryChannel = 60_000;

/**
 * Watches over all jobs for ever: learns when something changes, tells the channels what they do not know yet, and
 * continues as new. It ends where the configuration has no channels any more.
 */
export async function watch(input: WatchInput = {}): Promise<void> {
  const state = remembered(input);
  setHandler(testAlarms, (wanted) => test(state, wanted), {
    description: 'Sends a test message by a channel, or by all: {"channel":"ops"}. Tells what came of it.',
  });
  publishFailing(state);
  showWatch(state);
  do {
    await look(state);
    if (state.lookedAt !== undefined && state.channels.length === 0) break;
    for (const channel of state.channels) void serve(state, channel);
    showWatch(state);
  } while (workflowInfo().historyLength < longEnough);
  await condition(() => state.busy.size === 0 && allHandlersFinished());
  if (state.channels.length > 0) await continueAsNew<typeof watch>(carriedOn(state));
}

async function look(state: WatchState): Promise<void> {
  const { seen, channels, standing } = state;
  try {
    const known = standing.map(({ key }) => key);
    const options = { summary: known.length === 0 ? 'all is well' : `${known.length} alarms` };
    const asked = { known, seen, channels, patience: untilNext(state, Date.now()) };
    learn(state, await observing.observe.executeWithOptions(options, [asked]));
  } catch (error) {
    if (isCancellation(error)) throw error;
    const failure = failureOf(error);
    log.error('The jobs could not be looked at', { ...failure });
    state.blind = { failure, since: state.blind?.since ?? new Date().toISOString() };
    await sleep('30s');
  }
}

/** Milliseconds until somebody is to be reminded, or a channel to be tried again. */
function untilNext(state: WatchState, now: number): number {
  const times = state.channels.flatMap((channel) => {
    const memory = memoryOf(state, channel.name);
    const again = memory.failing && (state.triedAt.get(channel.name) ?? now) + retryChannel;
    return [nextReminder(channel, memory), again].filter((time) => time !== undefined);
  });
  return Math.max(1000, Math.min(patience, ...times.map((time) => time - now)));
}

/** Tells a channel what it does not know yet. One that fails is left alone for a while, and the others hear of it. */
async function serve(state: WatchState, channel: ChannelDescription): Promise<void> {
  const { name } = channel;
  if (state.busy.has(name) || isResting(state, name)) return;
  const due = dueNotices(channel, memoryOf(state, name), allStanding(state), Date.now());
  if (due.length === 0) return;
  const failedBefore = memoryOf(state, name).failing !== undefined;
  state.busy.add(name);
  try {
    for (const message of inMessages(channel, due)) {
      await tell(channel, message);
      state.memory.set(name, afterTelling(memoryOf(state, name), message, new Date().toISOString()));
    }
    state.triedAt.delete(name);
  } catch (error) {
    const failure = failureOf(error);
    log.error('A channel of alarms fails', { channel: name, ...failure });
    state.triedAt.set(name, Date.now());
    const { failing, ...memory } = memoryOf(state, name);
    const since = failing?.since ?? new Date().toISOString();
    state.memory.set(name, { ...memory, failing: { failure, since } });
  } finally {
    state.busy.delete(name);
  }
  if (failedBefore !== (memoryOf(state, name).failing !== undefined)) publishFailing(state);
  showWatch(state);
  for (const other of state.channels) void serve(state, other);
}

function isResting(state: WatchState, name: string): boolean {
  const triedAt = state.triedAt.get(name);
  return triedAt !== undefined && Date.now() < triedAt + retryChannel;
}

/** The summary is all that the Temporal UI shows of it at first sight. */
async function tell(
  { name, kind }: ChannelDescription,
  notices: readonly Notice[],
  limits: { readonly scheduleToCloseTimeout?: number } = {},
): Promise<void> {
  const [first] = notices;
  const more = notices.length > 1 ? ` and ${notices.length - 1} more` : '';
  const options = {
    summary: `${name}: ${first?.event ?? ''} ${first?.key ?? ''}${more}`.slice(0, 180),
    ...limits,
  };
  const input = { channel: name, notices };
  if (kind === 'command') await commandNotice.notifyByCommand.executeWithOptions(options, [input]);
  else await notice.notify.executeWithOptions(options, [input]);
}

/** Milliseconds for a test message, retries included. */
const testLimit = 45_000;

async function test(state: WatchState, { channel }: TestAlarms = {}): Promise<readonly TestedChannel[]> {
  await condition(() => state.channels.length > 0, '1 minute');
  const wanted = state.channels.filter(({ name }) => channel === undefined || name === channel);
  if (wanted.length === 0) {
    const known = state.channels.map(({ name }) => name).join(', ') || 'none';
    const message = `The workers have no channel "${channel ?? ''}". Their channels: ${known}.`;
    throw ApplicationFailure.nonRetryable(message, 'BadRequest');
  }
  return Promise.all(
    wanted.map(async (one): Promise<TestedChannel> => {
      const facts = { channel: one.name, kind: one.kind };
      try {
        await tell(one, [testNotice(one)], { scheduleToCloseTimeout: testLimit });
        return facts;
      } catch (error) {
        return { ...facts, failure: failureOf(error) };
      }
    }),
  );
}

/** A switch must not hear of a job that it does not guard. */
function testNotice({ name, kind, jobs = [] }: ChannelDescription): Notice {
  const [job = 'test'] = jobs;
  return {
    ...{ event: 'test', level: 'info', key: `test of ${name}`, problem: 'test' },
    ...(kind === 'ping' && { job }),
    text: `Channel ${name} works: this is what an alarm would come by.`,
    since: new Date().toISOString(),
  };
}
