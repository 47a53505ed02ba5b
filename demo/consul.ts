import { createHash } from 'node:crypto';
import { openConsul } from '../stores/consul/consul.ts';
import type { Write } from '../stores/store.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';

/** Writes every record; the Consul is empty before. */
export async function fill(address: string, records: readonly KeyRecord[]): Promise<void> {
  const store = openConsul({ addresses: [address], consistency: 'consistent' });
  const failures: string[] = [];
  async function* writes(): AsyncGenerator<readonly Write[]> {
    yield await Promise.resolve(records.map((record): Write => ({ op: 'set', record, seen: '0' })));
  }
  try {
    await store.write(writes(), {
      signal: AbortSignal.timeout(120_000),
      onOutcome: (_write, outcome, reason) => {
        if (outcome === 'conflict' || outcome === 'refused') failures.push(reason ?? outcome);
      },
    });
  } finally {
    await store.close();
  }
  if (failures.length > 0)
    throw new Error(`Consul did not take ${failures.length} keys: ${failures[0] ?? ''}`);
}

/** What an accident does: a deleted tree, a changed setting, keys that nobody ordered. */
export async function breakIt(address: string): Promise<void> {
  await request(address, 'DELETE', 'config/prod/?recurse');
  await request(address, 'DELETE', 'hostile/?recurse');
  await request(address, 'PUT', 'config/staging/eu-1/auth/database/url', 'postgres://wrong.host:5432/app');
  await request(address, 'PUT', 'config/staging/us-2/mail/log/level?flags=7', 'trace');
  for (let n = 0; n < 25; n++) await request(address, 'PUT', `leftover/${n}`, 'who wrote this?');
}

/** Keys, flags and values as Consul itself shows them, without the indexes that count its writes. Not Holdfast's code. */
export async function fingerprint(
  address: string,
): Promise<{ readonly keys: number; readonly sha256: string }> {
  const shown = await request(address, 'GET', '?recurse&consistent');
  const content = shown.replace(/"(LockIndex|CreateIndex|ModifyIndex)":\d+,?/g, '');
  return {
    keys: shown.split('"CreateIndex":').length - 1,
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

async function request(address: string, method: string, path: string, body?: string): Promise<string> {
  const response = await fetch(`${address}/v1/kv/${path}`, { method, ...(body !== undefined && { body }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`Consul answered ${method} ${path} with ${response.status}: ${text}`);
  return text;
}
