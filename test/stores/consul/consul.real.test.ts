import { startConsul } from '../../../services/consul.ts';
import { openConsul } from '../../../stores/consul/consul.ts';
import { keyStoreConformance } from '../conformance.ts';
import { askConsul, listConsul, transactConsul } from '../plain-consul.ts';

keyStoreConformance('Consul', async () => {
  const server = await startConsul();
  const { address } = server;
  const store = openConsul({ addresses: [address], consistency: 'consistent' });
  return {
    store,
    attributes: [
      { flags: '0' },
      { flags: '18446744073709551615' },
      { flags: '9007199254740993' },
      { flags: '42' },
    ],
    refused: [
      { key: Buffer.alloc(0), value: Buffer.from('value') },
      { key: Buffer.from([0xff, 0xfe]), value: Buffer.from('value') },
      { key: Buffer.from('too large'), value: Buffer.alloc(524_289) },
      { key: Buffer.from('too large//for a transaction'), value: Buffer.alloc(400_000) },
    ],
    async dump() {
      return (await listConsul(address)).map(({ key, value, flags }) => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value, 'base64'),
        attributes: { flags },
      }));
    },
    putTogether: (entries) =>
      transactConsul(
        address,
        entries.map(({ key, value }) => ({
          Verb: 'set',
          Key: key,
          Value: Buffer.from(value).toString('base64'),
        })),
      ),
    remove: (key) => transactConsul(address, [{ Verb: 'delete', Key: key }]),
    async wipe() {
      await askConsul(address, 'DELETE', '/v1/kv/?recurse');
    },
    async close() {
      await store.close();
      await server.stop();
    },
  };
});
