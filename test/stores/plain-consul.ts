import http from 'node:http';
import type { KeyRecord } from '../../workflows/contract/record.ts';

/**
 * Consul by the plainest means, to compare with: nothing here is shared with stores/consul. Numbers stay as digits,
 * which `JSON.parse` gives to a reviver.
 */
export interface PlainEntry {
  readonly key: string;
  readonly value: string | null;
  readonly flags: string;
  readonly modifyIndex: string;
  readonly session?: string;
}

export function askConsul(
  address: string,
  method: string,
  path: string,
  body?: Buffer | string,
  token?: string,
): Promise<{ readonly status: number; readonly text: string; readonly headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { 'X-Consul-Token': token };
    const request = http.request(`${address}${path}`, { method, agent: false, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          headers: answer.headers,
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** The whole store, as `?recurse` shows it. */
export async function listConsul(address: string, token?: string): Promise<readonly PlainEntry[]> {
  const { status, text } = await askConsul(address, 'GET', '/v1/kv/?recurse&consistent', undefined, token);
  if (status === 404) return [];
  if (status !== 200) throw new Error(`${status}: ${text}`);
  const digits = text.replace(/"(Flags|ModifyIndex|CreateIndex|LockIndex)":( ?)(\d+)/g, '"$1":"$3"');
  const entries = JSON.parse(digits) as {
    Key: string;
    Value: string | null;
    Flags: string;
    ModifyIndex: string;
    Session?: string;
  }[];
  return entries.map(({ Key, Value, Flags, ModifyIndex, Session }) => ({
    key: Key,
    value: Value,
    flags: Flags,
    modifyIndex: ModifyIndex,
    ...(Session === undefined ? {} : { session: Session }),
  }));
}

/** Carries out one transaction; operations are as Consul's documentation has them, but flags may be digits in quotes. */
export async function transactConsul(
  address: string,
  operations: readonly object[],
  token?: string,
): Promise<void> {
  const quoted = JSON.stringify(operations.map((operation) => ({ KV: operation })));
  const body = quoted.replace(/"Flags":"(\d+)"/g, '"Flags":$1');
  const { status, text } = await askConsul(address, 'PUT', '/v1/txn', body, token);
  if (status !== 200) throw new Error(`${status}: ${text.slice(0, 500)}`);
}

type Filling = Pick<KeyRecord, 'key' | 'value'> & { readonly attributes?: KeyRecord['attributes'] };

/**
 * Fills a Consul with records, as many as wanted, in transactions; gives their number. Values above some 390,000 bytes
 * do not fit.
 */
export async function fillConsul(
  address: string,
  records: Iterable<Filling>,
  token?: string,
): Promise<number> {
  let count = 0;
  let bytes = 0;
  let operations: object[] = [];
  const flush = async () => {
    if (operations.length > 0) await transactConsul(address, operations, token);
    operations = [];
    bytes = 0;
  };
  for (const { key, value, attributes } of records) {
    const size = (value?.length ?? 0) * 1.4 + key.length * 2 + 200;
    if (operations.length === 128 || bytes + size > 500_000) await flush();
    operations.push({
      Verb: 'set',
      Key: key.toString('utf8'),
      Value: value?.toString('base64') ?? null,
      Flags: attributes?.flags ?? '0',
    });
    bytes += size;
    count++;
  }
  await flush();
  return count;
}
