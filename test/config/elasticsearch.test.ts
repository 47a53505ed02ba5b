import { parseConfig } from '../../config/load.ts';

const least = `
storages: { local: { directory: { path: /backups } } }
jobs:
  search:
    storage: local
    elasticsearch:
      addresses: ['http://127.0.0.1:9200/']
      repository: { name: holdfast }
`;
const parse = (text: string) => parseConfig(text, 'f.yaml', { env: { KEY: 'aWQ6a2V5' }, unset: 'fail' });
const storeOf = (text: string) => parse(text).jobs.get('search')?.store;

test('what is left out has its default', () => {
  expect(storeOf(least)).toEqual({
    kind: 'elasticsearch',
    mode: 'snapshot',
    elasticsearch: {
      addresses: ['http://127.0.0.1:9200'],
      repository: { name: 'holdfast', update: false },
      indices: ['*'],
      ignoreUnavailable: false,
      globalState: false,
      featureStates: [],
      snapshotName: 'YYYY-MM-DD-HH-MM-SS_{name}',
    },
  });
});

const documents = least.replace('repository: { name: holdfast }', 'mode: documents');

test('documents need no repository', () => {
  expect(storeOf(documents)).toEqual({
    kind: 'elasticsearch',
    mode: 'documents',
    elasticsearch: { addresses: ['http://127.0.0.1:9200'], indices: ['*'], ignoreUnavailable: false },
  });
});

test('all of it', () => {
  const text = `${least.replace('{ name: holdfast }', '{ name: r, type: s3, settings: { bucket: b, readonly: true }, update: true }')}
      api_key: \${KEY}
      indices: ['logs-*', '-logs-old']
      ignore_unavailable: true
      global_state: true
      feature_states: [kibana]
      snapshot_name: '{name}-{id}'
      tls: { ca: /ca.pem }
`;
  expect(storeOf(text)).toMatchObject({
    elasticsearch: {
      auth: { apiKey: 'aWQ6a2V5' },
      repository: { definition: { type: 's3', settings: { bucket: 'b', readonly: true } }, update: true },
      indices: ['logs-*', '-logs-old'],
      featureStates: ['kibana'],
      snapshotName: '{name}-{id}',
      tls: { ca: '/ca.pem' },
    },
  });
});

test.each([
  ['user: ana', '`user` needs it'],
  ['user: ana\n      password: p\n      api_key: k', 'found beside `user`; expected one of them'],
  ['snapshot_name: YYYY-MM-DD_{name}', 'this one lacks a part of the time'],
  ['mode: document', 'expected `snapshot` or `documents`; did you mean `documents`?'],
  ['mode: documents', 'repository: found beside `mode: documents`'],
  ['indices: []', 'at least one name'],
])('a mistake is named: %s', (line, text) => {
  expect(() => parse(`${least}      ${line}\n`)).toThrow(text);
});

test('what is of snapshots alone is refused beside documents, and needed without', () => {
  const snapshots = ['global_state: true', 'feature_states: [kibana]', "snapshot_name: '{name}-{id}'"];
  const text = `${documents}      ${snapshots.join('\n      ')}\n`;
  expect(() => parse(text)).toThrow(/global_state: found.*feature_states: found.*snapshot_name: found/s);
  expect(() => parse(documents.replace('documents', 'snapshot'))).toThrow(
    'repository: missing; `mode: snapshot` (the default) needs it',
  );
});

test('credentials do not belong into a repository', () => {
  const text = least.replace(
    '{ name: holdfast }',
    '{ name: holdfast, type: s3, settings: { bucket: b, access_key: AKIA, secret_key: geheim } }',
  );
  expect(() => parse(text)).toThrow(/access_key: found credentials.*secret_key: found credentials/s);
  expect(() => parse(text)).not.toThrow(/geheim/);
  const untyped = least.replace('{ name: holdfast }', '{ name: holdfast, settings: { bucket: b } }');
  expect(() => parse(untyped)).toThrow('repository.type: missing; `settings` needs it');
});
