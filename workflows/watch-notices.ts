import {
  type Alarm,
  type ChannelDescription,
  type ChannelMemory,
  isAtLeast,
  type Notice,
} from './contract/alarms.ts';
import type { Ending, NoticeEvent, Standing } from './contract/alarms.ts';

/** Of those that a channel hears of late, the latest. */
const mostWaiting = 20;
/** Of what a channel is told the end of, in characters: it is carried from run to run. */
const longestMemory = 200;

export const nothingTold: ChannelMemory = { told: {}, waiting: [] };

/**
 * What a channel is still to be told. It follows from what is so now and what the channel knows, so that a channel
 * that was away hears of the present, not of all that went by.
 */
export function dueNotices(
  channel: ChannelDescription,
  { told, waiting }: ChannelMemory,
  standing: readonly Standing[],
  now: number,
): readonly Notice[] {
  const concerning = standing.filter((alarm) => concerns(channel, alarm));
  const fired = concerning
    .filter(({ key }) => told[key] === undefined)
    .map((alarm) => noticeOf('fired', alarm));
  const reminders = concerning
    .filter(({ key }) => isDue(channel, told[key]?.at, now))
    .map((alarm) => noticeOf('reminder', alarm));
  const still = new Set(standing.map(({ key }) => key));
  const cleared = Object.values(told)
    .filter(({ notice }) => !still.has(notice.key))
    .map(({ notice }): Notice => ({ ...notice, event: 'cleared' }));
  return [...fired, ...reminders, ...cleared, ...waiting];
}

/** The earliest time at which a channel is to be reminded; undefined where there is none. */
export function nextReminder(
  { remindAfter }: ChannelDescription,
  { told }: ChannelMemory,
): number | undefined {
  const times = Object.values(told).map(({ at }) => Date.parse(at));
  return remindAfter === undefined || times.length === 0 ? undefined : Math.min(...times) + remindAfter;
}

function isDue({ remindAfter }: ChannelDescription, toldAt: string | undefined, now: number): boolean {
  return remindAfter !== undefined && toldAt !== undefined && Date.parse(toldAt) + remindAfter <= now;
}

/** What the channel knows once it was told; it no longer fails. */
export function afterTelling(memory: ChannelMemory, notices: readonly Notice[], at: string): ChannelMemory {
  const told = { ...memory.told };
  for (const notice of notices) {
    if (notice.event === 'cleared') Reflect.deleteProperty(told, notice.key);
    if (notice.event === 'fired' || notice.event === 'reminder')
      told[notice.key] = { notice: { ...notice, text: shortened(notice.text) }, at };
  }
  return { told, waiting: memory.waiting.filter((notice) => !notices.includes(notice)) };
}

/** Runs that ended go to whoever wants to hear of each: switches, and channels of the level `info`. */
export function withEndings(
  channel: ChannelDescription,
  memory: ChannelMemory,
  endings: readonly Ending[],
): ChannelMemory {
  const wanted = endings.filter((ending) => wants(channel, ending)).map(endingNotice);
  const waiting = [...memory.waiting, ...wanted];
  if (channel.kind !== 'ping') return { ...memory, waiting: waiting.slice(-mostWaiting) };
  // A switch wants to know how the last run of each job ended, and nothing older.
  const last = waiting.filter(
    ({ key }, index) => !waiting.slice(index + 1).some((later) => later.key === key),
  );
  return { ...memory, waiting: last };
}

function wants({ kind, level, jobs }: ChannelDescription, { job, what, good }: Ending): boolean {
  if (jobs?.includes(job) === false) return false;
  if (kind === 'ping') return what === 'backup' || what === 'task';
  // What failed is an alarm, which is told anyway.
  return good && level === 'info';
}

function endingNotice({ job, what, good, text, endedAt }: Ending): Notice {
  return {
    ...{ event: 'ended', level: good ? 'info' : 'critical', key: `${job}: ${what}`, job },
    ...{ problem: `${what} ${good ? 'ended well' : 'failed'}`, text, since: endedAt },
  };
}

function concerns({ name, kind, level, jobs }: ChannelDescription, alarm: Alarm): boolean {
  if (kind === 'ping' || alarm.key === channelKey(name)) return false;
  if (alarm.job !== undefined && jobs?.includes(alarm.job) === false) return false;
  return isAtLeast(alarm.level, level);
}

/** The alarm that a channel fails. */
export function channelKey(name: string): string {
  return `channel ${name}`;
}

function noticeOf(event: NoticeEvent, { key, job, problem, level, text, since }: Standing): Notice {
  return { event, level, key, ...(job !== undefined && { job }), problem, text, since };
}

function shortened(text: string): string {
  return text.length > longestMemory ? `${text.slice(0, longestMemory)}…` : text;
}

/** In how many messages: one where people read them all at once, else one for each. */
export function inMessages(
  { kind }: ChannelDescription,
  notices: readonly Notice[],
): readonly (readonly Notice[])[] {
  const most = kind === 'slack' || kind === 'email' ? mostWaiting : 1;
  const messages: Notice[][] = [];
  for (let from = 0; from < notices.length; from += most) messages.push(notices.slice(from, from + most));
  return messages;
}
