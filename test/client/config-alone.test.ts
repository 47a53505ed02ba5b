import { jobOf } from '../../activities/step.ts';
import { configAlone } from '../../client/direct/config-alone.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { sampleManifest } from '../storage/sample.ts';

const id = '20261122T041500Z';
const storage = 'file:///var/backups';

function storeFor(changes: Partial<Manifest>, address: string, env: Readonly<Record<string, string>>) {
  const manifest = sampleManifest(id, changes);
  const config = configAlone('job', manifest, { storage, store: [address], identity: [] }, env);
  return jobOf(config, 'job').store;
}

const kind = (of: Manifest['store']['kind']): Pick<Manifest, 'store'> => ({
  store: { kind: of, version: '1', address: 'http://gone', details: {} },
});
const holding = (format: string): Pick<Manifest, 'objects'> => ({
  objects: sampleManifest(id).objects.map((object) => ({ ...object, format }) as Manifest['objects'][number]),
});

test('Consul is reached with what its own tools read', () => {
  const env = { CONSUL_HTTP_TOKEN: 'secret', CONSUL_CACERT: '/ca.pem' };
  expect(storeFor(kind('consul'), 'https://consul:8501', env)).toMatchObject({
    kind: 'consul',
    consul: { addresses: ['https://consul:8501'], token: 'secret', tls: { ca: '/ca.pem' } },
  });
});

test('etcd is reached as etcdctl reaches it; what a backup is follows from the one there is', () => {
  const snapshot = { ...kind('etcd'), ...holding('snapshot.db') };
  expect(storeFor(snapshot, 'http://etcd:2379', { ETCDCTL_USER: 'root:pass:word' })).toMatchObject({
    mode: 'snapshot',
    etcd: { endpoints: ['http://etcd:2379'], user: 'root', password: 'pass:word' },
  });
  const env = { ETCDCTL_USER: 'reader', ETCDCTL_PASSWORD: 'other' };
  expect(storeFor(kind('etcd'), 'http://etcd:2379', env)).toMatchObject({
    mode: 'keys',
    etcd: { user: 'reader', password: 'other' },
  });
});

test('indices come from the repository that the backup names, or are loaded as documents', () => {
  const snapshot = {
    ...kind('elasticsearch'),
    ...holding('indices.ndjson'),
    snapshot: { repository: 'backups', name: 'a', uuid: 'b' },
  };
  expect(storeFor(snapshot, 'http://es:9200', { ES_USER: 'u', ES_PASSWORD: 'p' })).toMatchObject({
    mode: 'snapshot',
    elasticsearch: { repository: { name: 'backups' }, auth: { user: 'u', password: 'p' } },
  });
  const documents = { ...kind('elasticsearch'), ...holding('documents.ndjson') };
  expect(storeFor(documents, 'http://es:9200', { ES_API_KEY: 'k' })).toMatchObject({
    mode: 'documents',
    elasticsearch: { auth: { apiKey: 'k' } },
  });
});

test('what is written on the way is encrypted as the backup is', () => {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  const manifest = sampleManifest(id, { ...kind('consul'), recipients: [recipient] });
  const places = { storage, store: ['http://consul:8500'], identity: ['/backup.key'] };
  expect(jobOf(configAlone('job', manifest, places, {}), 'job').encryption).toEqual({
    recipients: [recipient],
    identityFiles: ['/backup.key'],
    allowPlaintext: false,
  });
});

test('an address that is none is named', () => {
  expect(() => storeFor(kind('consul'), 'nowhere', {})).toThrow(/^--store nowhere: /);
});
