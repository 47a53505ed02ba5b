import fc from 'fast-check';
import { type LoadOptions, parseConfig } from '../../config/load.ts';
import { mistakesOf } from '../../config/mistake.ts';
import type { HoldfastError } from '../../workflows/contract/errors.ts';

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

const whole = `
temporal: { address: 'temporal:7233', namespace: ops, profile: prod, ui: 'https://temporal.example.com/ui/' }
worker: { status: { port: 80, address: 0.0.0.0, token_file: token.txt } }
storages:
  main:
    s3:
      bucket: backups
      prefix: /holdfast/prod/
      endpoint: https://s3.example.com:9000
      region: eu-central-1
      path_style: true
      storage_class: STANDARD_IA
      sse: { kms: alias/backup }
      checksums: when_required
      access_key_id: id
      secret_access_key: \${SECRET}
      session_token: session
      concurrency: \${CONCURRENCY:-8}
  local: { directory: { path: backups } }
jobs:
  consul-prod:
    storage: main
    consul:
      addresses: [https://one:8501/, https://two:8501]
      datacenter: dc1
      prefix: app/
      token: \${TOKEN}
      tls: { ca: ca.pem, cert: /etc/cert.pem, key: /etc/key.pem, server_name: consul }
      consistency: stale
    allow_empty: \${EMPTY_ALLOWED}
    max_shrink: 12.5%
    schedule: { cron: '15 * * * *', timezone: Europe/Berlin, jitter: 30s, catchup: 2h }
    keep: { last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 2, within: 2d, safety: 14d }
    encrypt: { recipients: [${recipient}], identity_files: [key.txt] }
    deadline: 1h30m
    approval_timeout: 12h
`;

const least = `
storages: { local: { directory: { path: /backups } } }
jobs: { a: { storage: local, consul: { address: 'http://127.0.0.1:8500' } } }
`;

const env = { SECRET: 'shh', TOKEN: 'tok', EMPTY_ALLOWED: 'true' };

test('every setting arrives where the code looks for it', () => {
  const config = parseConfig(whole, '/etc/holdfast/holdfast.yaml', { env, unset: 'fail' });
  const s3 = {
    bucket: 'backups',
    prefix: 'holdfast/prod',
    endpoint: 'https://s3.example.com:9000',
    region: 'eu-central-1',
    pathStyle: true,
    storageClass: 'STANDARD_IA',
    sse: { type: 'aws:kms', keyId: 'alias/backup' },
    checksums: 'when-required',
    credentials: { accessKeyId: 'id', secretAccessKey: 'shh', sessionToken: 'session' },
    concurrency: 8,
  };
  expect(config).toEqual({
    file: '/etc/holdfast/holdfast.yaml',
    temporal: {
      address: 'temporal:7233',
      namespace: 'ops',
      profile: 'prod',
      ui: 'https://temporal.example.com/ui',
    },
    worker: {
      commands: false,
      grace: 10_000,
      status: { port: 80, address: '0.0.0.0', tokenFile: '/etc/holdfast/token.txt' },
    },
    tasks: new Map(),
    alarms: new Map(),
    storages: new Map<string, unknown>([
      ['main', { kind: 's3', s3 }],
      ['local', { kind: 'directory', directory: { path: '/etc/holdfast/backups' } }],
    ]),
    jobs: new Map([
      [
        'consul-prod',
        {
          name: 'consul-prod',
          store: {
            kind: 'consul',
            mode: 'keys',
            consul: {
              addresses: ['https://one:8501', 'https://two:8501'],
              datacenter: 'dc1',
              token: 'tok',
              tls: {
                ca: '/etc/holdfast/ca.pem',
                cert: '/etc/cert.pem',
                key: '/etc/key.pem',
                serverName: 'consul',
              },
              consistency: 'stale',
            },
          },
          scope: { prefix: 'app/' },
          storageName: 'main',
          storage: { kind: 's3', s3 },
          schedule: {
            ...{ cron: '15 * * * *', dialect: 'standard', timezone: 'Europe/Berlin' },
            ...{ jitter: 30_000, catchup: 7_200_000 },
          },
          drill: { backup: 'latest' },
          keep: {
            atLeast: 1,
            unfinishedFor: 86_400_000,
            ...{ last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 2, within: 172_800_000 },
            ...{ safety: 1_209_600_000, timezone: 'Europe/Berlin' },
          },
          encryption: {
            recipients: [recipient],
            identityFiles: ['/etc/holdfast/key.txt'],
            allowPlaintext: false,
          },
          allowEmpty: true,
          maxShrink: 0.125,
          deadline: 5_400_000,
          approvalTimeout: 43_200_000,
        },
      ],
    ]),
  });
});

test('42: port 0 serves no status page', () => {
  const text = `worker: { status: { port: 0 } }\n${least}`;
  expect(parseConfig(text, 'holdfast.yaml', { env: {}, unset: 'fail' }).worker).toEqual({
    commands: false,
    grace: 10_000,
  });
});

test('commands need no token of the status page', () => {
  const text = `worker: { status: { token: '\${STATUS_TOKEN}' } }\n${least}`;
  const load = (unset: LoadOptions['unset']) => parseConfig(text, 'holdfast.yaml', { env: {}, unset });
  expect(load('keep').jobs.size).toBe(1);
  expect(() => load('fail')).toThrow('STATUS_TOKEN');
});

test('what is left out has its default', () => {
  const { temporal, worker, jobs } = parseConfig(least, 'holdfast.yaml', { env: {}, unset: 'fail' });
  expect(temporal).toEqual({});
  expect(worker).toEqual({ commands: false, grace: 10_000, status: { port: 18_080, address: '127.0.0.1' } });
  expect(jobs.get('a')).toEqual({
    name: 'a',
    store: {
      kind: 'consul',
      mode: 'keys',
      consul: { addresses: ['http://127.0.0.1:8500'], consistency: 'consistent' },
    },
    scope: { prefix: '' },
    storageName: 'local',
    storage: { kind: 'directory', directory: { path: '/backups' } },
    drill: { backup: 'latest' },
    keep: { atLeast: 1, safety: 2_592_000_000, timezone: 'UTC', unfinishedFor: 86_400_000 },
    encryption: { recipients: [], identityFiles: [], allowPlaintext: false },
    allowEmpty: false,
    maxShrink: 0.5,
    deadline: 3_600_000,
    approvalTimeout: 86_400_000,
  });
});

test('a schedule may be its cron text alone', () => {
  const text = least.replace('storage: local', "storage: local, schedule: '@daily'");
  expect(parseConfig(text, 'f', { env: {}, unset: 'fail' }).jobs.get('a')?.schedule).toEqual({
    cron: '@daily',
    dialect: 'standard',
    timezone: 'UTC',
    jitter: 0,
    catchup: 86_400_000,
  });
});

test('anchors and merge keys share settings between jobs', () => {
  const text = `
storages: { local: { directory: { path: /b } } }
jobs:
  a: &base { storage: local, consul: &consul { address: 'http://a:1' }, keep: { last: 2 } }
  b: { <<: *base, consul: { <<: *consul, prefix: b/ } }
`;
  const job = parseConfig(text, 'f', { env: {}, unset: 'fail' }).jobs.get('b');
  expect(job).toMatchObject({ scope: { prefix: 'b/' }, keep: { last: 2 }, storageName: 'local' });
});

test('an empty token is none', () => {
  const text = least.replace("8500'", "8500', token: '${TOKEN:-}'");
  const { jobs } = parseConfig(text, 'f', { env: {}, unset: 'fail' });
  expect(jobs.get('a')?.store).toMatchObject({ kind: 'consul' });
  expect(jobs.get('a')?.store).not.toHaveProperty('consul.token');
});

test('an etcd, its defaults and its settings', () => {
  const job = (etcd: string) =>
    parseConfig(least.replace(/consul: \{[^}]*\}/, `etcd: ${etcd}`), '/etc/f', {
      env: {},
      unset: 'fail',
    }).jobs.get('a');
  expect(job("{ endpoints: ['http://a:2379/'], mode: keys, user: '', password: '' }")).toMatchObject({
    store: {
      kind: 'etcd',
      mode: 'keys',
      etcd: { endpoints: ['http://a:2379'], leases: 'drop', maxRequestBytes: 1572864 },
    },
    scope: { prefix: '' },
  });
  expect(job("{ endpoints: ['http://a:2379'] }")).toMatchObject({
    store: { mode: 'snapshot' },
    scope: { prefix: '' },
  });
  const all =
    "{ endpoints: ['https://a:2379', 'https://b:2379'], mode: keys, prefix: app/, user: u, password: p, " +
    'tls: { ca: ca.pem, cert: c.pem, key: /k.pem }, leases: regrant, max_request_bytes: 10485760 }';
  expect(job(all)).toMatchObject({
    store: {
      etcd: {
        endpoints: ['https://a:2379', 'https://b:2379'],
        user: 'u',
        password: 'p',
        tls: { ca: '/etc/ca.pem', cert: '/etc/c.pem', key: '/k.pem' },
        leases: 'regrant',
        maxRequestBytes: 10485760,
      },
    },
    scope: { prefix: 'app/' },
  });
});

test.each([
  ["{ endpoints: ['http://a:2379'], mode: dump }", /etcd\.mode: found "dump"; expected `snapshot` or `keys`/],
  ["{ endpoints: ['http://a:2379'], prefix: app/ }", /etcd\.prefix: found beside `mode: snapshot`/],
  ["{ endpoints: ['http://a:2379'], mode: snapshot, prefix: app/ }", /only with `mode: keys`/],
  ['{ endpoints: [], mode: keys }', /etcd\.endpoints: .*at least one address/],
  ["{ endpoints: ['a:2379'], mode: keys }", /etcd\.endpoints\[0\]/],
  ["{ endpoints: ['http://a:2379'], mode: keys, user: u }", /etcd\.password: missing; `user` needs it/],
  ["{ endpoints: ['http://a:2379'], mode: keys, leases: keep }", /etcd\.leases/],
])('a mistake in an etcd: %s', (etcd, message) => {
  const text = least.replace(/consul: \{[^}]*\}/, `etcd: ${etcd}`);
  expect(() => parseConfig(text, 'f', { env: {}, unset: 'fail' })).toThrow(message);
});

describe('a whole Consul', () => {
  const parse = (consul: string, more = '') =>
    parseConfig(
      least.replace(/consul: \{[^}]*\}/, `consul: { address: 'http://a:8500', ${consul} }${more}`),
      'f',
      {
        env: {},
        unset: 'fail',
      },
    ).jobs.get('a');
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

  test('keys are the default; a snapshot is encrypted, or somebody has said that it need not be', () => {
    expect(parse('prefix: app/')).toMatchObject({ store: { kind: 'consul', mode: 'keys' } });
    expect(parse('mode: snapshot', `, encrypt: { recipients: [${recipient}] }`)).toMatchObject({
      store: { mode: 'snapshot' },
      encryption: { recipients: [recipient], allowPlaintext: false },
    });
    expect(parse('mode: snapshot', ', encrypt: { allow_plaintext: true }')).toMatchObject({
      encryption: { recipients: [], allowPlaintext: true },
    });
  });

  test.each([
    ['mode: whole', '', /consul\.mode: found "whole"; expected `keys` or `snapshot`/],
    [
      'mode: snapshot, prefix: app/',
      ', encrypt: { allow_plaintext: true }',
      /consul\.prefix: .*all of Consul/,
    ],
    ['mode: snapshot', '', /encrypt: missing `recipients`; .*ACL tokens.*`allow_plaintext: true`/],
    ['mode: snapshot', ', encrypt: { recipients: [] }', /encrypt: missing `recipients`/],
    ['mode: snapshot', ', encrypt: { allow_plaintext: false }', /encrypt: missing `recipients`/],
  ])('a mistake: %s%s', (consul, more, message) => {
    expect(() => parse(consul, more)).toThrow(message);
  });
});

describe('unset variables', () => {
  const load = (unset: LoadOptions['unset'], text: string) => parseConfig(text, 'f', { env: {}, unset });
  const mistakes = (unset: LoadOptions['unset']): readonly string[] => {
    try {
      load(unset, whole);
      return [];
    } catch (error) {
      return mistakesOf(error as HoldfastError).map(({ path }) => path);
    }
  };

  test('are all mistakes where everything is needed', () => {
    expect(mistakes('fail')).toEqual([
      'storages.main.s3.secret_access_key',
      'jobs.consul-prod.consul.token',
      'jobs.consul-prod.allow_empty',
    ]);
  });

  test('are none in stores for those who read backups alone', () => {
    expect(mistakes('keep-in-stores')).toEqual([
      'storages.main.s3.secret_access_key',
      'jobs.consul-prod.allow_empty',
    ]);
  });

  test('stay as text for those who leave the work to a worker', () => {
    const config = load('keep', whole.replace('${EMPTY_ALLOWED}', 'false'));
    expect(config.jobs.get('consul-prod')).toMatchObject({
      storage: { s3: { credentials: { secretAccessKey: '${SECRET}' } } },
      store: { consul: { token: '${TOKEN}' } },
    });
  });

  test('do not break settings that want a number, an address or one of a few words', () => {
    const text = whole
      .replace('${EMPTY_ALLOWED}', 'false')
      .replace('${CONCURRENCY:-8}', '${CONCURRENCY}')
      .replace('when_required', '${CHECKSUMS}')
      .replace('https://two:8501', '"${ADDRESS}"');
    expect(load('keep', text).jobs.get('consul-prod')).toMatchObject({
      storage: { s3: { concurrency: 4, checksums: 'when-supported' } },
      store: { consul: { addresses: ['https://one:8501', '${ADDRESS}'] } },
    });
  });
});

test('what a variable holds never changes the structure, and arrives exactly', () => {
  const text = least.replace("8500'", "8500', token: '${TOKEN}'");
  const expected = parseConfig(text, 'f', { env: { TOKEN: 'x' }, unset: 'fail' });
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom(
      'a\njobs: {}',
      'x, prefix: y',
      '{a: b}',
      '# c',
      "'",
      '"',
      '${TOKEN}',
      '\\${X}',
      '*a',
      '!!js/x',
      '123',
      'null',
    ),
  );
  fc.assert(
    fc.property(hostile, (value) => {
      const config = parseConfig(text, 'f', { env: { TOKEN: value }, unset: 'fail' });
      expect(config.jobs.get('a')?.store).toHaveProperty('consul.token', value);
      const withoutToken = JSON.stringify([...config.jobs], (name, inner: unknown) =>
        name === 'token' ? 'x' : inner,
      );
      expect(withoutToken).toBe(JSON.stringify([...expected.jobs]));
    }),
  );
});

test('30: one file serves two environments, which share nothing', () => {
  const text = `
temporal: { namespace: '\${SERVICE_TAGS}' }
storages: { main: { s3: { bucket: backups, prefix: '\${SERVICE_TAGS}' } } }
jobs: { consul: { storage: main, consul: { address: 'http://127.0.0.1:8500', prefix: '\${SERVICE_TAGS}/' } } }`;
  const [staging, production] = ['staging', 'production'].map((SERVICE_TAGS) => {
    const { temporal, storages, jobs } = parseConfig(text, 'f', { env: { SERVICE_TAGS }, unset: 'fail' });
    return { temporal, storage: storages.get('main'), scope: jobs.get('consul')?.scope };
  });
  expect(staging).toMatchObject({
    temporal: { namespace: 'staging' },
    storage: { s3: { prefix: 'staging' } },
    scope: { prefix: 'staging/' },
  });
  expect(JSON.stringify(production)).toBe(JSON.stringify(staging).replaceAll('staging', 'production'));
});

test('61: how long work may go on when a worker is told to stop can be set', () => {
  const text = `worker: { grace: 5m }\n${least}`;
  expect(parseConfig(text, 'holdfast.yaml', { env: {}, unset: 'fail' }).worker.grace).toBe(300_000);
});
