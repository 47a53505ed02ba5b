import { setCurrentDetails } from '@temporalio/workflow';
import type { ChannelDescription, Standing } from './contract/alarms.ts';
import { code, facts, page, prose, table, time } from './markdown.ts';
import { allStanding, memoryOf, type WatchState } from './watch-state.ts';

/** More would not be read. */
const mostRows = 30;

/** What the Temporal UI shows of the watch: what is wrong now. */
export function showWatch(state: WatchState): void {
  const standing = allStanding(state);
  const heading =
    standing.length === 0
      ? 'All is well'
      : `${standing.length} ${standing.length === 1 ? 'alarm' : 'alarms'}`;
  setCurrentDetails(
    page(
      `**${heading}**`,
      ...(standing.length === 0
        ? []
        : [table(['', 'job', 'what is wrong', 'since'], standing.slice(0, mostRows).map(row))]),
      facts([
        ['last change', state.lookedAt === undefined ? 'not looked yet' : time(state.lookedAt)],
        ...state.channels.map((channel): [string, string] => [channel.name, channelText(state, channel)]),
      ]),
    ),
  );
}

function row({ level, job, text, since }: Standing): readonly string[] {
  return [level, job === undefined ? '' : code(job), prose(text), time(since)];
}

function channelText(state: WatchState, { name, kind, level }: ChannelDescription): string {
  const { failing } = memoryOf(state, name);
  const what = kind === 'ping' ? kind : `${kind}, from ${level} on`;
  return failing === undefined
    ? what
    : `${what}; FAILS since ${time(failing.since)}: ${prose(failing.failure.message)}`;
}
