import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { RestoreProgress } from '../repository-store.ts';
import type { Connection } from './connection.ts';
import { inPaths } from './patterns.ts';
import { readRecovery } from './recovery.ts';

const shards = z.array(
  z.object({
    index: z.string(),
    shard: z.string(),
    prirep: z.string(),
    state: z.string(),
    'unassigned.reason': z.string().nullish(),
    'unassigned.details': z.string().nullish(),
  }),
);
type Shard = z.output<typeof shards>[number];

const explanation = z.object({
  allocate_explanation: z.string().optional(),
  unassigned_info: z.object({ details: z.string().optional() }).optional(),
});

const shortest = 200;
const longest = 3_000;
/** A shard that failed is tried again at once, some times; what stays failed so long stays so. */
const failedFor = 5_000;
/** A shard that no node takes (a filter, a full disk) may have its turn yet, but not for ever. */
const waitsFor = 120_000;

/**
 * Waits until every primary shard of the indices is there: green, or yellow.
 *
 * @throws RestoreUnproven where one cannot be restored; StoreUnavailable where none of the nodes takes it
 */
export async function waitForShards(
  connection: Connection,
  indices: readonly string[],
  signal: AbortSignal,
  onProgress: (progress: RestoreProgress) => void,
): Promise<void> {
  let stuckSince: number | undefined;
  for (let pause = shortest; ; pause = Math.min(longest, pause * 1.5)) {
    const primaries = (await readShards(connection, indices, signal)).filter(({ prirep }) => prirep === 'p');
    const started = primaries.filter(({ state }) => state === 'STARTED' || state === 'RELOCATING');
    onProgress({
      shards: started.length,
      shardsTotal: primaries.length,
      ...(await readBytes(connection, indices, signal)),
    });
    const there = new Set(primaries.map(({ index }) => index));
    if (started.length === primaries.length && indices.every((index) => there.has(index))) return;

    const unassigned = primaries.filter(({ state }) => state === 'UNASSIGNED');
    const moves = primaries.some(({ state }) => state === 'INITIALIZING');
    stuckSince = unassigned.length === 0 || moves ? undefined : (stuckSince ?? Date.now());
    if (stuckSince !== undefined) await giveUp(connection, unassigned, Date.now() - stuckSince, signal);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

async function giveUp(
  connection: Connection,
  unassigned: readonly Shard[],
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const failed = unassigned.filter((shard) => shard['unassigned.reason'] === 'ALLOCATION_FAILED');
  if (milliseconds < (failed.length > 0 ? failedFor : waitsFor)) return;
  const told = (failed.length > 0 ? failed : unassigned).slice(0, 5);
  const reasons: string[] = [];
  for (const shard of told) reasons.push(await explain(connection, shard, signal));
  const what = `${unassigned.length} primary shards are not there: ${reasons.join('; ')}.`;
  if (failed.length > 0) throw new HoldfastError('RestoreUnproven', `The indices are red; ${what}`);
  throw new HoldfastError('StoreUnavailable', `No node takes the restored shards; ${what}`);
}

async function explain(connection: Connection, shard: Shard, signal: AbortSignal): Promise<string> {
  const request = {
    method: 'POST',
    path: '/_cluster/allocation/explain',
    body: { index: shard.index, shard: Number(shard.shard), primary: true },
    signal,
    accepted: [400],
  } as const;
  const found = explanation.safeParse(JSON.parse((await connection.ask(request)).text)).data;
  const words =
    found?.unassigned_info?.details ??
    shard['unassigned.details'] ??
    found?.allocate_explanation ??
    'no reason given';
  return `${shard.index} shard ${shard.shard}: ${words.slice(0, 600)}`;
}

async function readShards(
  connection: Connection,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<readonly Shard[]> {
  const all: Shard[] = [];
  for (const names of inPaths(indices)) {
    const columns = 'index,shard,prirep,state,unassigned.reason,unassigned.details';
    const path = `/_cat/shards/${names}?format=json&h=${columns}`;
    all.push(...(await connection.read(shards, { method: 'GET', path, signal })));
  }
  return all;
}

async function readBytes(
  connection: Connection,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<Pick<RestoreProgress, 'bytes' | 'bytesTotal'>> {
  let bytes = 0;
  let bytesTotal = 0;
  for (const recovery of (await readRecovery(connection, indices, signal)).values()) {
    bytes += recovery.bytes;
    bytesTotal += recovery.bytesTotal;
  }
  return { bytes, bytesTotal };
}
