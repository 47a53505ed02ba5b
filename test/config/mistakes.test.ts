import { parseConfig } from '../../config/load.ts';
import { mistakesOf } from '../../config/mistake.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/** One right configuration, a setting a line, so that each test can put one mistake into it. */
const right = `storages:
  main:
    s3:
      bucket: backups
  local:
    directory:
      path: /backups
jobs:
  consul-prod:
    storage: main
    consul:
      address: http://127.0.0.1:8500
      token: \${TOKEN}
    schedule:
      cron: 15 * * * *
      timezone: UTC
    keep:
      last: 3
    deadline: 1h
`;

const env = { TOKEN: 'sesame-open', NUMBER: '77', WORD: 'secret-word' };

function messages(text: string): readonly string[] {
  try {
    parseConfig(text, 'f.yaml', { env, unset: 'fail' });
    return [];
  } catch (error) {
    if (error instanceof HoldfastError) return mistakesOf(error).map(({ message }) => message);
    throw error;
  }
}

function replaced(line: string, replacement: string): string {
  const found = `${line}\n`;
  if (!right.includes(found)) throw new Error(`There is no line "${line}".`);
  return right.replace(found, `${replacement}\n`);
}

test('the configuration that the mistakes are put into has none', () => {
  expect(messages(right)).toEqual([]);
});

describe('unknown settings', () => {
  test.each([
    [
      '      bucket: backups',
      '      bucket: b-1\n      pathStyle: true',
      '5:7: storages.main.s3.pathStyle: unknown setting; did you mean `path_style`?',
    ],
    [
      '    deadline: 1h',
      '    dead_line: 1h',
      '19:5: jobs.consul-prod.dead_line: unknown setting; did you mean `deadline`?',
    ],
    [
      '      last: 3',
      '      dayly: 3',
      '18:7: jobs.consul-prod.keep.dayly: unknown setting; did you mean `daily`?',
    ],
    [
      '      timezone: UTC',
      '      zone: UTC',
      '16:7: jobs.consul-prod.schedule.zone: unknown setting; expected one of `cron`, `dialect`, `timezone`, `jitter`, `catchup`',
    ],
    [
      'storages:',
      'version: 3\nstorages:',
      '1:1: version: unknown setting; expected one of `temporal`, `worker`, `storages`, `jobs`, `alarms`',
    ],
  ])('%s → %s', (line, replacement, message) => {
    expect(messages(replaced(line, replacement))).toEqual([`f.yaml:${message}`]);
  });
});

describe('wrong values', () => {
  test.each([
    [
      '      last: 3',
      '      last: three',
      '18:13: jobs.consul-prod.keep.last: found "three"; expected a whole number from 1',
    ],
    [
      '      last: 3',
      '      last: 0',
      '18:13: jobs.consul-prod.keep.last: found 0; expected a whole number from 1',
    ],
    [
      '      last: 3',
      '      last: 1.5',
      '18:13: jobs.consul-prod.keep.last: found 1.5; expected a whole number from 1',
    ],
    [
      '      last: 3',
      '      last: ${WORD}',
      '18:13: jobs.consul-prod.keep.last: found what "${WORD}" stands for; expected a whole number from 1',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      concurrency: ${NUMBER}',
      '5:20: storages.main.s3.concurrency: found what "${NUMBER}" stands for; expected a whole number from 1 to 64',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      path_style: yes',
      '5:19: storages.main.s3.path_style: found "yes"; expected `true` or `false`',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      checksums: when_require',
      '5:18: storages.main.s3.checksums: found "when_require"; expected `when_supported` or `when_required`; did you mean `when_required`?',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      sse: aes',
      '5:12: storages.main.s3.sse: found "aes"; expected `AES256`, `aws:kms` (the key of the bucket) or `{ kms: key-id }`',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      sse: { kms: 7 }',
      '5:19: storages.main.s3.sse.kms: found 7; expected the id, alias or ARN of a KMS key; put it in quotes to make it text',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      endpoint: s3.example.com',
      '5:17: storages.main.s3.endpoint: found "s3.example.com"; expected the address of an S3 server such as https://s3.example.com:9000, without credentials',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      storage_class: GLACIER',
      '5:22: storages.main.s3.storage_class: found "GLACIER"; expected a storage class that can be read at once, such as STANDARD_IA',
    ],
    [
      '      bucket: backups',
      '      bucket: 2024',
      '4:15: storages.main.s3.bucket: found 2024; expected the name of a bucket (letters, digits, dots, hyphens) or the ARN of an access point; put it in quotes to make it text',
    ],
    [
      '      bucket: backups',
      '      bucket:',
      '4:14: storages.main.s3.bucket: found nothing; expected the name of a bucket (letters, digits, dots, hyphens) or the ARN of an access point',
    ],
    [
      '      path: /backups',
      '      path: [/backups]',
      '7:13: storages.local.directory.path: found a list; expected the path of a directory',
    ],
    [
      '    deadline: 1h',
      '    deadline: 1 hour',
      '19:15: jobs.consul-prod.deadline: found "1 hour"; expected a duration such as 90s, 15m, 1h30m or 30d',
    ],
    [
      '    deadline: 1h',
      '    deadline: 3600',
      '19:15: jobs.consul-prod.deadline: found 3600; expected a duration such as 90s, 15m, 1h30m or 30d; put it in quotes to make it text',
    ],
    [
      '      address: http://127.0.0.1:8500',
      '      address: 127.0.0.1:8500',
      '12:16: jobs.consul-prod.consul.address: found "127.0.0.1:8500"; expected an address such as http://127.0.0.1:8500, with http or https, and without credentials or path',
    ],
    [
      '      cron: 15 * * * *',
      '      cron: 15 * * *',
      '15:13: jobs.consul-prod.schedule.cron: found "15 * * *"; expected a cron text of five fields (minute, hour, day of the month, month, day of the week), or of six with the second first; this one has 4 fields',
    ],
    [
      '      timezone: UTC',
      '      timezone: Europe/Berln',
      '16:17: jobs.consul-prod.schedule.timezone: found "Europe/Berln"; expected the name of a time zone, such as Europe/Berlin or UTC; did you mean `Europe/Berlin`?',
    ],
    [
      '    deadline: 1h',
      '    encrypt: { recipients: [age1abc] }',
      '19:29: jobs.consul-prod.encrypt.recipients[0]: found "age1abc"; expected an age recipient (`age1…`, printed by `age-keygen`); a secret key does not belong here',
    ],
    [
      '    deadline: 1h',
      '    encrypt: { recipients: age1abc }',
      '19:28: jobs.consul-prod.encrypt.recipients: found text that is not shown; expected a list of age recipients',
    ],
    [
      '    deadline: 1h',
      '    allow_empty: 1',
      '19:18: jobs.consul-prod.allow_empty: found 1; expected `true` or `false`',
    ],
  ])('%s → %s', (line, replacement, message) => {
    expect(messages(replaced(line, replacement))).toEqual([`f.yaml:${message}`]);
  });
});

describe('what does not fit together', () => {
  test.each([
    [
      '    deadline: 1h',
      '    drill: { scratch: { job: consul-prod, prefix: holdfast-drill/ } }',
      '19:51: jobs.consul-prod.drill.scratch.prefix: found "holdfast-drill/" in the very store (http://127.0.0.1:8500) of which this job backs up everything; expected a place apart, such as another cluster',
    ],
    [
      '    deadline: 1h',
      '    drill: { scratch: { job: consul-dev, prefix: app/drills/ } }\n' +
        "  consul-dev: { storage: main, consul: { addresses: ['http://127.0.0.1:8500/'], prefix: dev/ } }",
      '19:50: jobs.consul-prod.drill.scratch.prefix: found "app/drills/" in the very store (http://127.0.0.1:8500) of which this job backs up everything; expected a place apart, such as another cluster',
    ],
    [
      '    deadline: 1h',
      '    drill: { scratch: { job: etcd, prefix: d/ } }\n' +
        "  etcd: { storage: main, etcd: { endpoints: ['http://127.0.0.1:2379'] } }",
      '19:30: jobs.consul-prod.drill.scratch.job: found "etcd"; expected a job of the same kind of store (consul-prod)',
    ],
    [
      '    deadline: 1h',
      '    drill: { scratch: { job: consul-prod } }',
      '19:14: jobs.consul-prod.drill.scratch.prefix: missing; keys are restored under a prefix of their own',
    ],
    [
      '    deadline: 1h',
      "  part: { storage: main, consul: { address: 'http://127.0.0.1:8500', prefix: app/ }, drill: { scratch: { job: consul-prod, prefix: app } } }",
      '19:132: jobs.part.drill.scratch.prefix: found "app" in the very store (http://127.0.0.1:8500) of which this job backs up what is under "app/"; expected a place apart, such as another cluster',
    ],
    [
      '    storage: main',
      '    storage: mian',
      '10:14: jobs.consul-prod.storage: found "mian"; expected a name from `storages` (main, local); did you mean `main`?',
    ],
    ['    storage: main', '', '9:3: jobs.consul-prod.storage: missing; expected the name of a storage'],
    [
      '      bucket: backups',
      '      bucket: backups\n    directory: { path: /x }',
      '5:5: storages.main.directory: found beside `s3`; expected only one of `s3`, `directory`',
    ],
    [
      '  local:',
      '  empty: {}\n  local:',
      '5:3: storages.empty: found no `s3` and no `directory` in it; expected one',
    ],
    [
      '      address: http://127.0.0.1:8500',
      '      prefix: a',
      '11:5: jobs.consul-prod.consul: found no `address` and no `addresses` in it; expected one',
    ],
    [
      '      address: http://127.0.0.1:8500',
      "      address: http://127.0.0.1:8500\n      addresses: ['http://b:1']",
      '13:7: jobs.consul-prod.consul.addresses: found beside `address`; expected only one of `address`, `addresses`',
    ],
    [
      '    deadline: 1h',
      '  other: { storage: main }',
      '19:3: jobs.other: found no `consul` and no `etcd` and no `elasticsearch` and no `command` and no `ecs` in it; expected one',
    ],
    [
      '  consul-prod:',
      '  Consul_prod:',
      '9:3: jobs.Consul_prod: found the name "Consul_prod"; expected at most 60 small letters, digits and hyphens, not starting with a hyphen',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      access_key_id: id',
      '3:5: storages.main.s3.secret_access_key: missing; `access_key_id` needs it',
    ],
    [
      '      bucket: backups',
      '      bucket: backups\n      session_token: t',
      '3:5: storages.main.s3.access_key_id: missing; `session_token` needs it',
    ],
    [
      '      token: ${TOKEN}',
      '      tls: { cert: a.pem }',
      '13:7: jobs.consul-prod.consul.tls.key: missing; `cert` needs it',
    ],
    [
      '      token: ${TOKEN}',
      '      token: ${OTHER}',
      '13:14: jobs.consul-prod.consul.token: uses the variable OTHER, which is not set; set it, or write a default: ${OTHER:-…}',
    ],
    [
      '    storage: main',
      '    storage: ${OTHER}',
      '10:14: jobs.consul-prod.storage: uses the variable OTHER, which is not set; set it, or write a default: ${OTHER:-…}',
    ],
  ])('%s → %s', (line, replacement, message) => {
    expect(messages(replaced(line, replacement))).toEqual([`f.yaml:${message}`]);
  });
});

describe('what is not YAML', () => {
  test.each([
    ['    deadline: 1h', '    storage: local', '19:5: `storage` stands twice in the same mapping'],
    ['    deadline: 1h', '\tdeadline: 1h', '19:1: a tab is used to indent; YAML wants spaces'],
    [
      '    deadline: 1h',
      '    deadline: !env X',
      '19:15: unknown tag; text that starts with `!` needs quotes',
    ],
    [
      '    deadline: 1h',
      '    encrypt: &own { recipients: *own }',
      '19:33: this alias (`*name`) has no complete anchor (`&name`) before it',
    ],
    [
      '    deadline: 1h',
      '    deadline: *later',
      '19:15: this alias (`*name`) has no complete anchor (`&name`) before it',
    ],
    [
      '      token: ${TOKEN}',
      '      token: "\\q"',
      '13:15: unknown backslash escape in "…"; use \'…\' for text with backslashes',
    ],
    [
      '      token: ${TOKEN}',
      '      tls: { ca: ${TOKEN} }',
      '13:19: something stands here that does not belong here; within { } and [ ], text with ${…} needs quotes',
    ],
  ])('%s → %s', (line, replacement, message) => {
    expect(messages(replaced(line, replacement))[0]).toBe(`f.yaml:${message}`);
  });

  test.each([
    ['', 'f.yaml:1:1: found nothing; expected a mapping (lines `name: value` below it)'],
    [
      'just text',
      'f.yaml:1:1: found text that is not shown; expected a mapping (lines `name: value` below it)',
    ],
  ])('%j', (text, message) => expect(messages(text)).toEqual([message]));
});

test('all mistakes are told at once, in the order of the file', () => {
  const text = right
    .replace('bucket', 'buket')
    .replace('storage: main', 'storage: nowhere')
    .replace('last: 3', 'last: -1')
    .replace('1h', 'soon');
  expect(messages(text).map((message) => message.split(';')[0])).toEqual([
    'f.yaml:3:5: storages.main.s3.bucket: missing',
    'f.yaml:4:7: storages.main.s3.buket: unknown setting',
    'f.yaml:10:14: jobs.consul-prod.storage: found "nowhere"',
    'f.yaml:18:13: jobs.consul-prod.keep.last: found -1',
    'f.yaml:19:15: jobs.consul-prod.deadline: found "soon"',
  ]);
});

describe('secrets are not shown', () => {
  const key = 'AGE-SECRET-KEY-1QQPQYQSZGAJ3E8X0000000000000000000000000000000000000';
  test.each([
    ['      token: ${TOKEN}', '      token: { sesame-open: 1 }'],
    ['      token: ${TOKEN}', '      token: [sesame-open]'],
    ['      token: ${TOKEN}', '      tls: sesame-open'],
    ['      token: ${TOKEN}', '      datacenter: [${TOKEN}]'],
    ['      token: ${TOKEN}', '      tokne: sesame-open'],
    ['      token: ${TOKEN}', '      "token: sesame-open'],
    ['      token: ${TOKEN}', '      token: "sesame-open" sesame-open'],
    ['      token: ${TOKEN}', '      token: sesame-open: x'],
    ['      token: ${TOKEN}', '      token: @sesame-open'],
    ['      token: ${TOKEN}', '      token: *sesame-open'],
    ['      token: ${TOKEN}', '      token: !sesame-open x'],
    ['      address: http://127.0.0.1:8500', '      address: http://me:sesame-open@consul:8500'],
    ['      address: http://127.0.0.1:8500', '      address: ${TOKEN}'],
    ['    deadline: 1h', '    deadline: ${TOKEN}'],
    ['    deadline: 1h', '    deadline: ${TOKEN:-x}${NONE:-sesame}'],
    ['    storage: main', '    storage: ${TOKEN}'],
    ['    deadline: 1h', `    encrypt: { recipients: [${key}] }`],
    ['    deadline: 1h', `    encrypt: { identity_files: [${key}] }`],
    ['    deadline: 1h', `    encrypt: { identity_files: ${key} }`],
    [
      '      bucket: backups',
      '      bucket: b-1\n      access_key_id: 123456\n      secret_access_key: 123456',
    ],
  ])('%s → %s', (line, replacement) => {
    const found = messages(replaced(line, replacement)).join('\n');
    expect(found).toMatch(/f\.yaml:\d+:\d+: /);
    expect(found).not.toMatch(/sesame-open|AGE-SECRET-KEY-1|123456/i);
  });
});

test('a drill may restore beside what the job backs up, and into another store', () => {
  const part = "consul: { address: 'http://127.0.0.1:8500', prefix: app/ }";
  const other = "consul: { address: 'http://127.0.0.1:8501' }";
  const drills = (job: string) => `drill: { scratch: { job: ${job}, prefix: holdfast-drill/ } }`;
  const jobs = [
    `  part: { storage: main, ${part}, ${drills('part')} }`,
    `  whole: { storage: main, ${other}, ${drills('part')} }`,
  ];
  expect(messages(replaced('    deadline: 1h', jobs.join('\n')))).toEqual([]);
});
