import { parseConfig } from '../../config/load.ts';
import { createRedaction } from '../../config/redact.ts';

const text = `
worker: { status: { token: status-page-token-1 } }
storages:
  main: { s3: { bucket: backups, access_key_id: id, secret_access_key: s3-secret, session_token: s3-session } }
jobs:
  consul: { storage: main, consul: { address: 'http://c:8500', token: consul-token } }
  etcd: { storage: main, etcd: { endpoints: ['http://e:2379'], user: root, password: etcd-password } }
  search: { storage: main, elasticsearch: { addresses: ['http://s:9200'], user: u, password: es-password, repository: { name: r } } }
  other: { storage: main, elasticsearch: { addresses: ['http://s:9200'], api_key: es-key, repository: { name: r } } }
alarms:
  hook: { webhook: { url: 'https://h/alarms/hook-path', headers: { authorization: Bearer hook-header } } }
  mail: { email: { smtp: 'smtp://m', user: u, password: mail-password, from: f@e, to: [t@e] } }
  switch: { ping: { url: 'https://h/switch-path/{job}' } }
`;
const redact = createRedaction(parseConfig(text, 'holdfast.yaml', { env: {}, unset: 'fail' }));

test.each([
  'status-page-token-1',
  'hook-header',
  '/alarms/hook-path',
  'mail-password',
  's3-secret',
  's3-session',
  'consul-token',
  'etcd-password',
  'es-password',
  'es-key',
])('65: secrets redacted in the status page: %s of the configuration', (secret) => {
  expect(redact({ deep: [`before ${secret} after`] })).toEqual({ deep: ['before [redacted] after'] });
});

test.each([
  [
    '{"type":"s3","settings":{"secret_key":"abc\\"d","bucket":"b"}}',
    '{"type":"s3","settings":{"secret_key":[redacted],"bucket":"b"}}',
  ],
  ['{"s3.client.default.secret_key" : "abc"}', '{"s3.client.default.secret_key" : [redacted]}'],
  ['{\\"secret_key\\":\\"abc\\",\\"bucket\\":1}', '{\\"secret_key\\":[redacted],\\"bucket\\":1}'],
  ['PASSWORD=abc; next', 'PASSWORD=[redacted]; next'],
  ['https://user:abc@host:9200/_snapshot', 'https://user:[redacted]@host:9200/_snapshot'],
])('65: secrets redacted in the status page: %s', (said, shown) => {
  expect(redact(said)).toBe(shown);
});

test('what is no secret stays, of whatever type', () => {
  const data = {
    at: new Date(0),
    none: null,
    count: 3,
    text: 'a bad token, an unknown datacenter; s3://bucket/key at 12:15:00, user@host',
  };
  expect(redact(data)).toEqual(data);
});
