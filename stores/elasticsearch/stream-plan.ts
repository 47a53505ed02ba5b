import type { IndexFacts } from '../../workflows/contract/index-facts.ts';
import type { IndexWish } from '../../workflows/contract/restore.ts';
import type { IndexPlan } from '../repository-store.ts';
import type { Connection } from './connection.ts';
import { readTemplates } from './index-templates.ts';
import type { Live } from './live-indices.ts';
import { matches } from './patterns.ts';
import { renamed } from './renaming.ts';
import type { Names } from './wanted.ts';

/**
 * Data streams that are restored as such: those that the wish names, with all of their backing indices. Where it names
 * single backing indices, these become indices of their own.
 */
export function wholeStreams(facts: readonly IndexFacts[], { indices }: IndexWish): ReadonlySet<string> {
  const whole = new Set<string>();
  const apart = new Set<string>();
  for (const { index, dataStream } of facts) {
    if (dataStream === undefined) continue;
    if (matches(indices, dataStream) && matches(indices, index, dataStream)) whole.add(dataStream);
    else apart.add(dataStream);
  }
  return new Set([...whole].filter((stream) => !apart.has(stream)));
}

/** Why a data stream cannot be restored under the name that it would get. */
export function whyNotStream(stream: string, names: Names, wish: IndexWish): string | undefined {
  const target = renamed(stream, wish);
  if (names.indices.has(target)) return `an index has the name of its data stream, ${target}`;
  if (names.aliases.has(target)) return `an alias has the name of its data stream, ${target}`;
  if (wish.into.how === 'rename' && names.dataStreams.has(target)) return `a data stream ${target} is there`;
  if (wish.into.how === 'close') {
    return `it belongs to the data stream ${stream}, which is replaced only by deleting it first`;
  }
  return undefined;
}

/**
 * A data stream is restored as a whole or not at all. Where it is replaced, all of the live one goes, also what the
 * snapshot does not hold of it.
 */
export async function planStreams(
  connection: Connection,
  lines: readonly IndexPlan[],
  { wish, live }: { readonly wish: IndexWish; readonly live: ReadonlyMap<string, Live> },
  signal: AbortSignal,
): Promise<readonly IndexPlan[]> {
  const templateOf = await readTemplates(connection, signal);
  const refused = new Map(
    lines.flatMap(({ op, stream, target }) =>
      op === 'refuse' && stream !== undefined ? [[stream, target] as const] : [],
    ),
  );
  const all = lines.map((line): IndexPlan => {
    const { op, stream } = line;
    if (op === 'refuse' || stream === undefined) return line;
    const cause = refused.get(stream);
    if (cause !== undefined) {
      return { ...line, op: 'refuse', reason: `it belongs to the data stream ${stream}, as ${cause} does` };
    }
    const name = renamed(stream, wish);
    const rolls = templateOf(name)?.makesStreams === true;
    const lacking = rolls ? '' : ', for which there is no index template: it cannot roll over';
    return { ...line, reason: `of the data stream ${name}${lacking}` };
  });
  return [...all, ...removedBy(all, live)];
}

function removedBy(lines: readonly IndexPlan[], live: ReadonlyMap<string, Live>): readonly IndexPlan[] {
  const targets = new Set(lines.map(({ target }) => target));
  const replaced = new Set(lines.filter(({ op }) => op !== 'refuse').map(({ stream }) => stream));
  return [...live].flatMap(([index, { uuid, dataStream: stream }]): readonly IndexPlan[] => {
    if (stream === undefined || !replaced.has(stream) || targets.has(index)) return [];
    const reason = `of the data stream ${stream}, and not in the backup`;
    return [{ op: 'remove', index, target: index, stream, seen: uuid, reason }];
  });
}
