import { z } from 'zod';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { getOperation } from './operation.ts';
import { ask } from './server.ts';
import type { Server } from './server.ts';

/** A value has up to half a megabyte, and several lanes may look keys up at once. */
const keysPerRequest = 16;

const digits = z.string().regex(/^\d+$/);
const entry = z.object({
  Key: z.string(),
  Value: z.string().nullable(),
  Flags: digits,
  CreateIndex: digits,
  ModifyIndex: digits,
  LockIndex: digits,
  Session: z.string().optional(),
});
const found = z.object({ Results: z.array(z.object({ KV: entry })).nullable() });
const missing = z.object({ Errors: z.array(z.object({ OpIndex: z.number(), What: z.string() })) });

/** The live records of a few keys, by text of key; one that is not there, or that the token may not read, is left out. */
export async function lookUp(
  server: Server,
  keys: readonly Buffer[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, KeyRecord>> {
  const records = new Map<string, KeyRecord>();
  for (let start = 0; start < keys.length; start += keysPerRequest) {
    for (const record of await get(server, keys.slice(start, start + keysPerRequest), signal)) {
      records.set(record.key.toString('utf8'), record);
    }
  }
  return records;
}

/** Keys are asked for by transaction, since not every key can stand in a path. */
async function get(
  server: Server,
  keys: readonly Buffer[],
  signal: AbortSignal,
): Promise<readonly KeyRecord[]> {
  if (keys.length === 0) return [];
  const body = Buffer.from(`[${keys.map(getOperation).join(',')}]`);
  const { status, text } = await ask(
    server,
    { method: 'PUT', path: '/v1/txn?consistent', body, signal },
    [200, 409],
  );
  if (status === 200) {
    return (found.parse(JSON.parse(withTextNumbers(text))).Results ?? []).map(({ KV }) => recordOf(KV));
  }
  const absent = new Set(missing.parse(JSON.parse(text)).Errors.map(({ OpIndex }) => OpIndex));
  if (absent.size === 0) throw new Error(`Consul refused a lookup without a reason: ${text.slice(0, 300)}`);
  return get(
    server,
    keys.filter((_, index) => !absent.has(index)),
    signal,
  );
}

/**
 * Puts the 64-bit numbers in quotes, so that JSON.parse keeps their digits. It cannot hit text inside of a string:
 * there, a backslash stands before every quote.
 */
function withTextNumbers(json: string): string {
  return json.replace(/"(Flags|CreateIndex|ModifyIndex|LockIndex)":\s*(\d+)/g, '"$1":"$2"');
}

function recordOf(kv: z.infer<typeof entry>): KeyRecord {
  const indices = { createIndex: kv.CreateIndex, modifyIndex: kv.ModifyIndex, lockIndex: kv.LockIndex };
  return {
    key: Buffer.from(kv.Key, 'utf8'),
    value: kv.Value === null ? null : Buffer.from(kv.Value, 'base64'),
    attributes: { flags: kv.Flags },
    meta: kv.Session === undefined ? indices : { ...indices, session: kv.Session },
  };
}
