import { etcd, etcd34, startEtcd } from '../../../services/etcd.ts';
import { openEtcd } from '../../../stores/etcd/etcd.ts';
import { defaultMaxRequestBytes } from '../../../stores/etcd/settings.ts';
import { keyStoreConformance } from '../conformance.ts';
import { listEtcd, putTogether, removeKey, wipeEtcd } from '../plain-etcd.ts';

describe.each([etcd, etcd34])('$version', (tool) => {
  keyStoreConformance('etcd', async () => {
    const server = await startEtcd({ tool });
    const { address } = server;
    const store = openEtcd({
      endpoints: [address],
      leases: 'drop',
      maxRequestBytes: defaultMaxRequestBytes,
    });
    return {
      store,
      attributes: [{}],
      further: [
        { key: Buffer.from([0]), value: Buffer.from('the first key') },
        { key: Buffer.from([0xff, 0xfe]), value: Buffer.from('not UTF-8') },
        { key: Buffer.from([0xff, 0xff, 0xff]), value: Buffer.from('the last ones') },
        { key: Buffer.from('values/\xc3', 'latin1'), value: Buffer.from('half a character') },
        { key: Buffer.from('values/1.5 MiB'), value: Buffer.alloc(defaultMaxRequestBytes - 700, 'x') },
      ],
      refused: [
        { key: Buffer.alloc(0), value: Buffer.from('value') },
        { key: Buffer.from('too large'), value: Buffer.alloc(defaultMaxRequestBytes) },
      ],
      async dump() {
        return (await listEtcd(address)).map(({ key, value }) => ({ key, value, attributes: {} }));
      },
      putTogether: (entries) => putTogether(address, entries),
      remove: (key) => removeKey(address, key),
      wipe: () => wipeEtcd(address),
      async close() {
        await store.close();
        await server.stop();
      },
    };
  });
});
