import { upsertMemo } from '@temporalio/workflow';
import type {
  ChannelDescription,
  ChannelMemory,
  Observation,
  SeenRuns,
  Standing,
  WatchInput,
  WatchMemo,
} from './contract/alarms.ts';
import type { Failure } from './contract/backup.ts';
import { watchMemo } from './contract/names.ts';
import { channelKey, nothingTold, withEndings } from './watch-notices.ts';

/** What the workflow `watch` knows. */
export interface WatchState {
  /** What is wrong with jobs. */
  standing: readonly Standing[];
  seen: SeenRuns;
  channels: readonly ChannelDescription[];
  readonly memory: Map<string, ChannelMemory>;
  /** When all jobs were last looked at; absent before the first time. */
  lookedAt?: string;
  /** Why nobody could look, and since when. */
  blind?: { readonly failure: Failure; readonly since: string };
  /** When a channel that fails was last tried, in milliseconds since 1970. */
  readonly triedAt: Map<string, number>;
  /** Channels to which something is being sent. */
  readonly busy: Set<string>;
}

export function remembered({ standing = [], seen = {}, channels = [], memory = {} }: WatchInput): WatchState {
  const known = new Map(Object.entries(memory));
  return { standing, seen, channels, memory: known, triedAt: new Map(), busy: new Set() };
}

export function carriedOn({ standing, seen, channels, memory }: WatchState): WatchInput {
  return { standing, seen, channels, memory: Object.fromEntries(memory) };
}

/** Takes in how all jobs are now. */
export function learn(state: WatchState, { at, alarms, endings, seen, channels }: Observation): void {
  const before = new Map(state.standing.map(({ key, since }) => [key, since]));
  state.standing = alarms.map((alarm) => ({ ...alarm, since: before.get(alarm.key) ?? at }));
  state.seen = seen;
  state.channels = channels;
  state.lookedAt = at;
  delete state.blind;
  const names = new Set(channels.map(({ name }) => name));
  for (const name of state.memory.keys()) if (!names.has(name)) state.memory.delete(name);
  for (const channel of channels)
    state.memory.set(channel.name, withEndings(channel, memoryOf(state, channel.name), endings));
}

export function memoryOf({ memory }: WatchState, name: string): ChannelMemory {
  return memory.get(name) ?? nothingTold;
}

/** All that is wrong, with Holdfast itself too. */
export function allStanding(state: WatchState): readonly Standing[] {
  const { blind, channels } = state;
  const failing = channels.flatMap(({ name }): Standing[] => {
    const found = memoryOf(state, name).failing;
    if (found === undefined) return [];
    const text = `Channel ${name} takes no messages: ${found.failure.message}`;
    return [
      { key: channelKey(name), problem: `channel ${name}`, level: 'critical', text, since: found.since },
    ];
  });
  if (blind === undefined) return [...state.standing, ...failing];
  const text = `Nobody could tell how the jobs are: ${blind.failure.message}`;
  return [
    { key: 'watch', problem: 'watch', level: 'critical', text, since: blind.since },
    ...state.standing,
    ...failing,
  ];
}

/** Says which channels fail, so that the status page can tell without a worker. */
export function publishFailing(state: WatchState): void {
  const failing = state.channels.flatMap(({ name }) => {
    const found = memoryOf(state, name).failing;
    return found === undefined ? [] : [{ channel: name, ...found }];
  });
  upsertMemo({ [watchMemo]: { failing } satisfies WatchMemo });
}
