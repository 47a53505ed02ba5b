import { z } from 'zod';
import type { IndexFacts } from '../../workflows/contract/index-facts.ts';
import type { LeftOut } from '../../workflows/contract/manifest.ts';
import { sendInLanes } from '../lanes.ts';
import type { Snapshot } from '../repository-store.ts';
import type { Connection } from './connection.ts';
import { digestOfJson } from './exact-json.ts';
import { inPaths } from './patterns.ts';
import { sampleDocuments } from './samples.ts';
import { readWritten } from './writes.ts';
import type { Written } from './writes.ts';

const described = z.record(
  z.string(),
  z.object({
    aliases: z.record(z.string(), z.unknown()),
    mappings: z.unknown(),
    settings: z.record(z.string(), z.coerce.string()),
    data_stream: z.string().optional(),
  }),
);
type Described = z.output<typeof described>[string];

const counted = z.object({ count: z.number(), _shards: z.object({ failed: z.literal(0) }) });

/**
 * What is in the indices of a snapshot, read from the live ones just after it was taken. What was not written between
 * `before` and now is what the snapshot holds.
 */
export async function readFacts(
  connection: Connection,
  { indices, dataStreams }: Pick<Snapshot, 'indices' | 'dataStreams'>,
  before: ReadonlyMap<string, Written>,
  { signal, onIndex }: { readonly signal: AbortSignal; readonly onIndex: () => void },
): Promise<{ readonly facts: readonly IndexFacts[]; readonly leftOut: readonly LeftOut[] }> {
  const facts: IndexFacts[] = [];
  const pointers: string[] = [];
  for (const names of inPaths([...indices].sort())) {
    const list = names.split(',').map(decodeURIComponent);
    const found = await describeIndices(connection, names, signal);
    const looked = new Map<string, Looked>();
    const open = each(list.filter((name) => canLookInto(found[name])));
    await sendInLanes(open, lanes, signal, (stopping) => async (index) => {
      looked.set(index, await lookInto(connection, index, before.get(index)?.bytes ?? 0, stopping));
      onIndex();
    });
    const after = await readWritten(connection, list, signal);
    for (const index of list) {
      const description = found[index];
      if (description !== undefined && isPointer(description)) pointers.push(index);
      else {
        const one = factsOf(index, description, looked.get(index), before.get(index), after.get(index));
        facts.push({ ...one, ...streamOf(description, dataStreams) });
      }
    }
  }
  return { facts, leftOut: pointers.length === 0 ? [] : [leftOutPointers(pointers)] };
}

/** Indices that are looked into at once: each costs a few small requests. */
const lanes = 4;

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

interface Looked {
  readonly documents: number;
  readonly samples: IndexFacts['samples'];
}

/** A refresh first: what was written and not yet refreshed is in the snapshot, and would not be counted. */
async function lookInto(
  connection: Connection,
  index: string,
  bytes: number,
  signal: AbortSignal,
): Promise<Looked> {
  const path = `/${encodeURIComponent(index)}`;
  await connection.ask({ method: 'POST', path: `${path}/_refresh`, signal, accepted: [403, 404] });
  const documents = await countDocuments(connection, index, signal);
  return { documents, samples: await sampleDocuments(connection, index, { documents, bytes }, signal) };
}

export async function countDocuments(
  connection: Connection,
  index: string,
  signal: AbortSignal,
): Promise<number> {
  const path = `/${encodeURIComponent(index)}/_count`;
  return (await connection.read(counted, { method: 'GET', path, signal })).count;
}

export function describeIndices(connection: Connection, names: string, signal: AbortSignal) {
  const path = `/${names}?flat_settings=true&ignore_unavailable=true&expand_wildcards=all`;
  return connection.read(described, { method: 'GET', path, signal });
}

/** Told in the facts: what a person asks for, and what a restore may want to know. */
const toldSettings =
  /^index\.(number_of_(shards|replicas)|codec|lifecycle\..*|hidden|sort\..*|routing_partition_size|version\.created|verified_before_close)$/;

function factsOf(
  index: string,
  description: Described | undefined,
  looked: Looked | undefined,
  before: Written | undefined,
  after: Written | undefined,
): IndexFacts {
  const settings = Object.entries(description?.settings ?? {}).filter(([name]) => toldSettings.test(name));
  const uuid = description?.settings['index.uuid'];
  return {
    index,
    ...(uuid === undefined ? {} : { uuid }),
    state: description !== undefined && !isOpen(description) ? 'close' : 'open',
    ...(looked === undefined ? {} : { documents: looked.documents }),
    bytes: after?.bytes ?? 0,
    shards: Number(description?.settings['index.number_of_shards'] ?? 0),
    settled: before !== undefined && before.mark === after?.mark && !before.mark.includes('unknown'),
    ...(description === undefined ? {} : { mappings: digestOfJson(description.mappings) }),
    settings: Object.fromEntries(settings),
    aliases: description?.aliases ?? {},
    samples: looked?.samples ?? [],
  };
}

/** A snapshot may hold single backing indices, and not the data stream. */
function streamOf(
  description: Described | undefined,
  dataStreams: readonly string[],
): Pick<IndexFacts, 'dataStream'> {
  const dataStream = description?.data_stream;
  return dataStream !== undefined && dataStreams.includes(dataStream) ? { dataStream } : {};
}

function canLookInto(description: Described | undefined): boolean {
  return description !== undefined && isOpen(description) && !isPointer(description);
}

function isOpen({ settings }: Described): boolean {
  return settings['index.verified_before_close'] !== 'true';
}

/** Mounted from a snapshot: the data stays in that snapshot, and this one holds only where it is. */
function isPointer({ settings }: Described): boolean {
  return /^(snapshot|remote_snapshot)$/.test(settings['index.store.type'] ?? '');
}

function leftOutPointers(indices: readonly string[]): LeftOut {
  return {
    reason:
      'a searchable snapshot: its data is in the snapshot that it was mounted from, which must be kept, and not in this backup',
    count: indices.length,
    examples: indices.slice(0, 20),
  };
}
