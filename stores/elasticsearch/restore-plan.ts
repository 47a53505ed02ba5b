import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { IndexFacts } from '../../workflows/contract/index-facts.ts';
import type { IndexPlan } from '../repository-store.ts';
import type { IndexWish } from '../../workflows/contract/restore.ts';
import type { Connection } from './connection.ts';
import { obstacleToLoad } from './documents/obstacle.ts';
import { describeIndices } from './indices.ts';
import { inPaths, matches } from './patterns.ts';
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
  const names = await allNames(connection, signal);
  const targets = chosen.map(({ index }) => targetOf(index, wish));
  const live = await describeLive(
    connection,
    targets.filter((target) => names.indices.has(target)),
    signal,
  );

  const taken = new Map<string, string>();
  return chosen.map((wanted, at) => {
    const target = targets[at] ?? wanted.index;
    const twin = taken.get(target);
    taken.set(target, wanted.index);
    const there = live.get(target);
    const line = { index: wanted.index, target, seen: there?.uuid ?? '0' };
    const reason =
      twin === undefined ? whyNot(wanted, target, there, names, wish) : `${twin} would get this name, too`;
    if (reason !== undefined) return { op: 'refuse', ...line, reason };
    return { op: there === undefined ? 'add' : 'change', ...line };
  });
}

function isWished({ indices }: IndexWish, index: string, dataStream: string | undefined): boolean {
  return matches(indices, index) || (dataStream !== undefined && matches(indices, dataStream));
}

function targetOf(index: string, { into }: IndexWish): string {
  if (!('pattern' in into)) return index;
  const target = index.replace(patternOf(into.pattern), into.replacement);
  const problem = targetProblem(target);
  if (problem === undefined) return target;
  throw new HoldfastError(
    'BadRequest',
    `${index} would be restored as ${JSON.stringify(target)}, which ${problem}.`,
  );
}

function patternOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'g');
  } catch (cause) {
    const why = Error.isError(cause) ? cause.message : String(cause);
    throw new HoldfastError('BadRequest', `The rename pattern is no regular expression: ${why}`, { cause });
  }
}

function targetProblem(name: string): string | undefined {
  if (Buffer.byteLength(name) > 255) return 'is longer than 255 bytes';
  if (name === '' || /^[-_+]|^\.\.?$/.test(name)) return 'is no name of an index';
  if (name !== name.toLowerCase()) return 'has capital letters';
  const bad = /[\s"*\\<|>,/?#:]/.exec(name)?.[0];
  return bad === undefined ? undefined : `holds ${JSON.stringify(bad)}`;
}

interface Live {
  readonly uuid: string;
  readonly shards: number;
  readonly dataStream: string | undefined;
  /** Why no document can be loaded into it. */
  readonly obstacle: string | undefined;
}

async function describeLive(
  connection: Connection,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Live>> {
  const live = new Map<string, Live>();
  for (const path of inPaths(names)) {
    for (const [index, found] of Object.entries(await describeIndices(connection, path, signal))) {
      live.set(index, {
        uuid: found.settings['index.uuid'] ?? '',
        shards: Number(found.settings['index.number_of_shards']),
        dataStream: found.data_stream,
        obstacle: obstacleToLoad(found),
      });
    }
  }
  return live;
}

function whyNot(
  { shards, dataStream }: IndexFacts,
  target: string,
  there: Live | undefined,
  names: Names,
  { into }: IndexWish,
): string | undefined {
  if (names.aliases.has(target)) return 'an alias has this name';
  if (names.dataStreams.has(target)) return 'a data stream has this name';
  if (into.how !== 'rename' && dataStream !== undefined) {
    return `it belongs to the data stream ${dataStream}; restore it under another name, and reindex from there`;
  }
  if (there === undefined) return undefined;
  if (into.how === 'rename') return 'an index has this name';
  if (into.how === 'load') return there.obstacle;
  if (into.how === 'close' && there.shards !== shards) {
    return `the index there has ${there.shards} primary shards, and the one in the snapshot ${shards}; only deleting it first helps`;
  }
  return undefined;
}
