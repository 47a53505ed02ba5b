import { createHash } from 'node:crypto';
import type { EtcdServer } from '../services/etcd.ts';
import { openEtcd } from '../stores/etcd/etcd.ts';
import { defaultMaxRequestBytes } from '../stores/etcd/settings.ts';
import type { Write } from '../stores/store.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';

/** Some thousand keys as a scheduler keeps them, binary ones among them; the etcd is empty before. */
export async function fillEtcd(address: string): Promise<void> {
  const store = openEtcd({
    endpoints: [address],
    leases: 'drop',
    maxRequestBytes: defaultMaxRequestBytes,
  });
  const failures: string[] = [];
  async function* writes(): AsyncGenerator<readonly Write[]> {
    yield await Promise.resolve(records().map((record): Write => ({ op: 'set', record, seen: '0' })));
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
  if (failures.length > 0) throw new Error(`etcd did not take ${failures.length} keys: ${failures[0] ?? ''}`);
}

function records(): readonly KeyRecord[] {
  const tasks = Array.from({ length: 3_000 }, (_, n) =>
    record(
      `tasks/${String(n).padStart(4, '0')}`,
      JSON.stringify({ image: `service-${n % 40}`, replicas: n % 7 }),
    ),
  );
  return [
    ...tasks,
    record(Buffer.from([0x6b, 0xff, 0xfe]), Buffer.from([0, 0xff, 0x80])),
    record('leader', 'a process that lives'),
  ];
}

function record(key: string | Buffer, value: string | Buffer): KeyRecord {
  return { key: Buffer.from(key), value: Buffer.from(value), attributes: {}, meta: {} };
}

/** Keys and values as etcdctl shows them, in base64. Not Holdfast's code. */
export async function etcdFingerprint({
  ctl,
}: Pick<EtcdServer, 'ctl'>): Promise<{ readonly keys: number; readonly sha256: string }> {
  const shown = await ctl('get', '', '--from-key', '--write-out=json');
  const content = [...shown.matchAll(/"key":"([^"]*)"|"value":"([^"]*)"/g)].map(([pair]) => pair);
  return {
    keys: content.filter((pair) => pair.startsWith('"key"')).length,
    sha256: createHash('sha256').update(content.join('\n')).digest('hex'),
  };
}
