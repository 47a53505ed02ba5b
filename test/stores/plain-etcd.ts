import { request } from 'node:http';

/** etcd by its JSON gateway, to compare with: nothing here is shared with stores/etcd. */
export interface PlainKey {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: string;
}

export function askEtcd(address: string, path: string, body: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request(`${address}${path}`, { method: 'POST', agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${path}: ${answer.statusCode ?? 0} ${text.slice(0, 500)}`));
      });
    });
    asked.on('error', reject).end(JSON.stringify(body));
  });
}

const all = { key: base64('\0'), range_end: base64('\0') };

export function base64(text: string | Buffer): string {
  return Buffer.from(text).toString('base64');
}

export async function listEtcd(address: string): Promise<readonly PlainKey[]> {
  const answer = await askEtcd(address, '/v3/kv/range', all);
  const { kvs = [] } = answer as { kvs?: { key: string; value?: string; lease?: string }[] };
  return kvs.map(({ key, value = '', lease = '0' }) => ({
    key: Buffer.from(key, 'base64'),
    value: Buffer.from(value, 'base64'),
    lease,
  }));
}

/** Sets all of these in one transaction. */
export async function putTogether(
  address: string,
  entries: readonly { readonly key: string | Buffer; readonly value: string | Buffer }[],
): Promise<void> {
  const success = entries.map(({ key, value }) => ({
    request_put: { key: base64(key), value: base64(value) },
  }));
  await askEtcd(address, '/v3/kv/txn', { success });
}

/** Sets any number of keys, so many at a time that their values are a megabyte at most. */
export async function fillEtcd(
  address: string,
  entries: readonly { readonly key: Buffer; readonly value: Buffer }[],
): Promise<void> {
  let some: { readonly key: Buffer; readonly value: Buffer }[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (some.length === 128 || bytes + entry.value.length > 1_000_000) {
      await putTogether(address, some);
      some = [];
      bytes = 0;
    }
    some.push(entry);
    bytes += entry.value.length;
  }
  await putTogether(address, some);
}

export async function removeKey(address: string, key: string): Promise<void> {
  await askEtcd(address, '/v3/kv/deleterange', { key: base64(key) });
}

export async function wipeEtcd(address: string): Promise<void> {
  await askEtcd(address, '/v3/kv/deleterange', all);
}

export async function grantLease(address: string, seconds: number): Promise<string> {
  const answer = await askEtcd(address, '/v3/lease/grant', { TTL: seconds, ID: 0 });
  return (answer as { ID: string }).ID;
}

export async function putLeased(address: string, key: string, value: string, lease: string): Promise<void> {
  await askEtcd(address, '/v3/kv/put', { key: base64(key), value: base64(value), lease });
}

/** Forgets every revision before the newest. */
export async function compact(address: string): Promise<void> {
  const answer = await askEtcd(address, '/v3/kv/range', { ...all, count_only: true });
  const { header } = answer as { header: { revision: string } };
  await askEtcd(address, '/v3/kv/compaction', { revision: header.revision, physical: true });
}
