import type { IndexFacts } from '../../workflows/contract/index-facts.ts';
import type { IndexPlan } from '../repository-store.ts';
import type { IndexWish } from '../../workflows/contract/restore.ts';
import type { Connection } from './connection.ts';
import { describeLive, type Live } from './live-indices.ts';
import { matches } from './patterns.ts';
import { renamed, renamedBacking } from './renaming.ts';
import { planStreams, wholeStreams, whyNotStream } from './stream-plan.ts';
import { allNames } from './wanted.ts';
import type { Names } from './wanted.ts';

/** What a restore would make and replace. Every clash of names is found here, not by the server halfway through. */
export async function planRestore(
  connection: Connection,
  facts: readonly IndexFacts[],
  wish: IndexWish,
  signal: AbortSignal,
): Promise<readonly IndexPlan[]> {
  const chosen = facts.filter(({ index, dataStream }) => isWished(wish, index, dataStream));
  const streams = wholeStreams(facts, wish);
  const names = await allNames(connection, signal);
  const wanted = chosen.map((one) => {
    const stream = one.dataStream !== undefined && streams.has(one.dataStream) ? one.dataStream : undefined;
    return { ...one, stream, target: (stream === undefined ? renamed : renamedBacking)(one.index, wish) };
  });
  const replaced = [...streams].flatMap((name) => names.dataStreams.get(renamed(name, wish)) ?? []);
  const there = wanted.map(({ target }) => target).filter((target) => names.indices.has(target));
  const live = await describeLive(connection, [...new Set([...there, ...replaced])], signal);

  const taken = new Map([...streams].map((stream) => [renamed(stream, wish), stream]));
  const lines = wanted.map((one): IndexPlan => {
    const { index, target, stream } = one;
    const twin = taken.get(target);
    taken.set(target, index);
    const found = live.get(target);
    const line = { index, target, ...(stream !== undefined && { stream }), seen: found?.uuid ?? '0' };
    const reason = twin === undefined ? whyNot(one, found, names, wish) : `${twin} would get this name, too`;
    if (reason !== undefined) return { op: 'refuse', ...line, reason };
    return { op: found === undefined ? 'add' : 'change', ...line };
  });
  return streams.size === 0 ? lines : planStreams(connection, lines, { wish, live }, signal);
}

function isWished({ indices }: IndexWish, index: string, dataStream: string | undefined): boolean {
  return matches(indices, index, ...(dataStream === undefined ? [] : [dataStream]));
}

function whyNot(
  {
    target,
    stream,
    shards,
  }: { readonly target: string; readonly stream: string | undefined; readonly shards: number },
  there: Live | undefined,
  names: Names,
  wish: IndexWish,
): string | undefined {
  const { into } = wish;
  if (stream !== undefined) {
    const reason = whyNotStream(stream, names, wish);
    if (reason !== undefined) return reason;
  }
  if (names.aliases.has(target)) return 'an alias has this name';
  if (names.dataStreams.has(target)) return 'a data stream has this name';
  if (there === undefined) return undefined;
  if (into.how === 'rename') return 'an index has this name';
  if (into.how === 'load') return there.obstacle;
  if (there.dataStream !== undefined && there.dataStream !== stream) {
    return `the index there belongs to the data stream ${there.dataStream}; restore it under another name, and reindex from there`;
  }
  if (into.how === 'close' && there.shards !== shards) {
    return `the index there has ${there.shards} primary shards, and the one in the snapshot ${shards}; only deleting it first helps`;
  }
  return undefined;
}
