import { z } from 'zod';
import { defaultSnapshotName, templateProblem } from '../stores/elasticsearch/snapshot-name.ts';
import { defaultMaxRequestBytes } from '../stores/etcd/settings.ts';
import { ecsSchema } from './ecs.ts';
import * as format from './formats.ts';

/**
 * holdfast.yaml: every setting, its kind, its default, and what editors say about it.
 * What can only be judged by looking at several settings together stands in checks.ts.
 */

const { text, wholeNumber, yesOrNo, duration } = format;

const temporal = z.strictObject({
  address: text('host and port of the Temporal server')
    .optional()
    .describe(
      'Host and port of the Temporal server. Default: TEMPORAL_ADDRESS, else the profile, else localhost:7233.',
    ),
  namespace: text('the name of a namespace')
    .optional()
    .describe('The namespace. Default: TEMPORAL_NAMESPACE, else the profile, else `default`.'),
  profile: text('the name of a profile')
    .optional()
    .describe(
      'A profile of the `temporal` command’s configuration (TEMPORAL_CONFIG_FILE): address, namespace, API key, TLS.',
    ),
  ui: format.webAddress
    .optional()
    .describe(
      'Address of the Temporal UI, such as http://localhost:8233: the status page links to its runs.',
    ),
});

const status = z.strictObject({
  port: wholeNumber(0, 65_535).default(18_080).describe('Its port; 0 serves no status page.'),
  address: text('an IP address or host name')
    .default('127.0.0.1')
    .describe('The address it listens on. Default: this machine alone; `0.0.0.0`: all networks.'),
  token: text('a token of at least 16 characters', (value) => value.length >= 16)
    .optional()
    .describe('Whoever asks must name it, as a bearer token or as a password. Write it as `${VARIABLE}`.'),
  token_file: text('the path of a file')
    .optional()
    .describe('The same, read from a file when the worker starts; instead of `token`.'),
});

const worker = z.strictObject({
  commands: yesOrNo
    .default(false)
    .describe('Whether a worker with this file runs the commands of tasks. Default: no.'),
  status: status
    .prefault({})
    .describe('The status page of each worker, with its health and metrics (docs/status-page.md).'),
});

const s3 = z.strictObject({
  bucket: text(
    'the name of a bucket (letters, digits, dots, hyphens) or the ARN of an access point',
    (value) => /^([A-Za-z0-9][A-Za-z0-9._-]{1,254}|arn:[^\s]+)$/.test(value),
  ).describe('The bucket. It must exist.'),
  prefix: text(
    'a prefix without spaces and empty parts, such as backups/prod',
    (value) => !/\/\/|\s/.test(value),
  )
    .default('')
    .describe(
      'Put before the name of every object: `backups/prod`. Several installations may share a bucket so.',
    ),
  endpoint: format.endpoint
    .optional()
    .describe('The address of an S3-compatible server. Default: Amazon’s own for the region.'),
  region: text('the name of a region, such as eu-central-1')
    .optional()
    .describe(
      'The region. Default: AWS_REGION, else the AWS profile. S3-compatible servers often want us-east-1.',
    ),
  path_style: yesOrNo
    .default(false)
    .describe('Name the bucket in the path, not in the host name. Most S3-compatible servers need `true`.'),
  storage_class: text(
    'a storage class that can be read at once, such as STANDARD_IA',
    (value) => !['', 'GLACIER', 'DEEP_ARCHIVE'].includes(value),
  )
    .optional()
    .describe(
      'The storage class of the backups. Not GLACIER or DEEP_ARCHIVE: each backup is read back at once.',
    ),
  sse: z
    .union(
      [
        z.enum(['AES256', 'aws:kms']),
        z.strictObject({
          kms: text('the id, alias or ARN of a KMS key').describe('The id, alias or ARN of a KMS key.'),
        }),
      ],
      { error: '`AES256`, `aws:kms` (the key of the bucket) or `{ kms: key-id }`' },
    )
    .optional()
    .describe('Encryption by the server: `AES256`, `aws:kms` (the key of the bucket) or `{ kms: key-id }`.'),
  checksums: z
    .enum(['when_supported', 'when_required'])
    .default('when_supported')
    .describe(
      '`when_required` for S3-compatible servers that refuse the CRC32 checksums which Amazon’s SDK sends.',
    ),
  access_key_id: text('an access key id')
    .optional()
    .describe(
      'Credentials. Default: the chain of Amazon’s SDK (environment, profile, roles of container and instance).',
    ),
  secret_access_key: text('a secret access key')
    .optional()
    .describe('Goes with access_key_id. Write it as `${VARIABLE}`, not in plain text.'),
  session_token: text('a session token')
    .optional()
    .describe('Goes with temporary credentials. Write it as `${VARIABLE}`.'),
  profile: text('the name of an AWS profile')
    .optional()
    .describe('A profile of the AWS configuration files.'),
  concurrency: wholeNumber(1, 64)
    .default(4)
    .describe('Parts sent at once. Each costs memory: from 8 MB, growing with the size of the backup.'),
});

export const storageSchema = z.strictObject({
  s3: s3.optional().describe('A bucket of Amazon S3 or of an S3-compatible server.'),
  directory: z
    .strictObject({
      path: text('the path of a directory').describe(
        'The directory; it must exist. Relative paths start at this file.',
      ),
    })
    .optional()
    .describe('A directory of the machine where the worker runs (or a mounted share).'),
});

const tls = z.strictObject({
  ca: text('the path of a PEM file')
    .optional()
    .describe('Certificates of the authorities to trust, a PEM file.'),
  cert: text('the path of a PEM file').optional().describe('The client’s certificate, a PEM file.'),
  key: text('the path of a PEM file').optional().describe('The key of the client’s certificate, a PEM file.'),
  server_name: text('a host name')
    .optional()
    .describe('The name that the server’s certificate must carry, where it is not the host of the address.'),
});

const consul = z.strictObject({
  address: format.serverAddress.optional().describe('A Consul agent or server: `http://127.0.0.1:8500`.'),
  addresses: z
    .array(format.serverAddress, { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .optional()
    .describe('Several of the same datacenter, tried in turn; instead of `address`.'),
  datacenter: text('the name of a datacenter').optional().describe('Default: the datacenter of the agent.'),
  prefix: text('the start of keys', () => true)
    .default('')
    .describe('Only the keys that start so. Default: all keys.'),
  token: text('an ACL token', () => true)
    .optional()
    .describe(
      'An ACL token with `key_prefix "" { policy = "write" }` (`read` for backups alone), written as `${VARIABLE}`.',
    ),
  tls: tls.optional().describe('Certificates, for https addresses.'),
  consistency: z
    .enum(['consistent', 'stale'])
    .default('consistent')
    .describe('`stale` reads from any server, and may miss the last changes; the manifest says so.'),
});

const etcd = z.strictObject({
  endpoints: z
    .array(format.serverAddress, { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .describe('Members of the cluster, such as `http://127.0.0.1:2379`, tried in turn.'),
  mode: z
    .enum(['snapshot', 'keys'], { error: '`snapshot` or `keys`' })
    .default('snapshot')
    .describe(
      '`snapshot` takes the whole database of one member, as `etcdctl snapshot save` does; `keys` reads key by key at one revision.',
    ),
  prefix: text('the start of keys', () => true)
    .default('')
    .describe('Only the keys that start so; with `mode: keys`. Default: all keys.'),
  user: text('the name of a user', () => true)
    .optional()
    .describe(
      'A user with the role `root` for snapshots; for keys, one whose role may read (and for a restore, write) them. Written as `${VARIABLE}`.',
    ),
  password: text('a password', () => true)
    .optional()
    .describe('Goes with user. Write it as `${VARIABLE}`, not in plain text.'),
  tls: tls.optional().describe('Certificates, for https addresses.'),
  leases: z
    .enum(['drop', 'regrant', 'fail'])
    .default('drop')
    .describe(
      'What a restore does with keys that were bound to a lease: write them to stay, bind them to new leases with the time that was left, or refuse them.',
    ),
  max_request_bytes: wholeNumber(1024, 2 ** 30)
    .default(defaultMaxRequestBytes)
    .describe('As `--max-request-bytes` of the servers, where it was raised: how large a key may be.'),
});

const repository = z.strictObject({
  name: text('a name').describe('Its name in the cluster.'),
  type: text('a type of repository, such as s3 or fs')
    .optional()
    .describe('`s3`, `fs` or what plugins add. Without it, the repository must be there already.'),
  settings: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], { error: 'text, a number, or `true` or `false`' }),
    )
    .default({})
    .describe('As the type names them: `{ bucket: backups, base_path: prod }`. Never credentials.'),
  update: yesOrNo
    .default(false)
    .describe(
      'Change a repository that is there and differs. Else that is a failure, which shows the difference.',
    ),
});

const elasticsearch = z.strictObject({
  addresses: z
    .array(format.serverAddress, { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .describe('Nodes of the cluster, such as `http://127.0.0.1:9200`, tried in turn.'),
  mode: z
    .enum(['snapshot', 'documents'], { error: '`snapshot` or `documents`' })
    .default('snapshot')
    .describe(
      '`snapshot`: the cluster writes a snapshot into its own repository; Holdfast checks it and keeps book. `documents`: Holdfast reads every document and stores them itself, to be restored into any version of either product.',
    ),
  user: text('the name of a user', () => true)
    .optional()
    .describe('A user with the rights that docs/elasticsearch.md lists, written as `${VARIABLE}`.'),
  password: text('a password', () => true)
    .optional()
    .describe('Goes with user. Write it as `${VARIABLE}`, not in plain text.'),
  api_key: text('an API key', () => true)
    .optional()
    .describe('Instead of user and password, as Elasticsearch encodes it. Write it as `${VARIABLE}`.'),
  tls: tls.optional().describe('Certificates, for https addresses.'),
  repository: repository
    .optional()
    .describe('Where the nodes of the cluster write their snapshots; `mode: snapshot` needs it.'),
  indices: z
    .array(text('the name of an index or data stream, with `*`'), { error: 'a list of names' })
    .min(1, { error: 'at least one name' })
    .default(['*'])
    .describe('Names of indices and data streams, with `*`; `-` before one leaves it out. Default: all.'),
  ignore_unavailable: yesOrNo
    .default(false)
    .describe('Pass over a name without `*` that is not there. Else that is a failure.'),
  global_state: yesOrNo
    .default(false)
    .describe(
      'Put the cluster’s settings, templates and policies into the snapshot too. No restore uses them. Only with `mode: snapshot`.',
    ),
  feature_states: z
    .array(text('the name of a feature'), { error: 'a list of names' })
    .default([])
    .describe(
      'Elasticsearch only: system indices by feature, such as `security`. Default: none. Only with `mode: snapshot`.',
    ),
  snapshot_name: z
    .string({ error: 'a template such as `YYYY-MM-DD-HH-MM-SS_{name}`' })
    .superRefine((template, context) => {
      const problem = format.isKept(template) ? undefined : templateProblem(template);
      if (problem !== undefined) {
        context.addIssue({
          code: 'custom',
          message: `a template such as \`YYYY-MM-DD-HH-MM-SS_{name}\` or \`{name}-{id}\`; this one ${problem}`,
        });
      }
    })
    .default(defaultSnapshotName)
    .describe(
      'How snapshots are named: `{name}` is the job, `{id}` the backup’s id, the letters its time in UTC. Only with `mode: snapshot`.',
    ),
});

const cronText = z.string({ error: 'a cron text of five fields, such as "15 * * * *"' });

const schedule = z
  .strictObject({
    cron: cronText.describe(
      'Five fields: minute, hour, day of the month, month, day of the week; or six, the second first; or @hourly, @daily, @weekly, @monthly, @yearly, `@every 10m`. Where both day fields are restricted, one of them is enough, as in every cron.',
    ),
    dialect: z
      .enum(['standard', 'go-cron'])
      .default('standard')
      .describe('`go-cron`: read `cron` as go-cron does, the second first also where there are five fields.'),
    timezone: format.timezone
      .default('UTC')
      .describe('The time zone of `cron` and of `keep`, such as Europe/Berlin.'),
    jitter: duration
      .prefault('0s')
      .describe('Start up to this much later, by chance, so that jobs do not start together.'),
    catchup: duration
      .prefault('24h')
      .describe('How late a run may still start that was missed while Temporal was down.'),
  })
  .superRefine(({ cron, dialect }, context) => {
    const message = format.cronMistake(cron, dialect);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['cron'], message });
  });

/** A schedule in short form. */
const bareCron = cronText.superRefine((cron, context) => {
  const message = format.cronMistake(cron, 'standard');
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const keepCount = (unit: string) =>
  wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(`Keep the newest backup of each of the last N ${unit} that have one.`);

const keep = z.strictObject({
  last: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().describe('Keep the last N backups.'),
  hourly: keepCount('hours'),
  daily: keepCount('days'),
  weekly: keepCount('weeks'),
  monthly: keepCount('months'),
  yearly: keepCount('years'),
  within: duration.optional().describe('Keep every backup that is at most this much older than the newest.'),
  safety: duration
    .prefault('30d')
    .describe('How long the safety backups are kept that a restore takes before it overwrites anything.'),
});

const encrypt = z.strictObject({
  recipients: z
    .array(format.recipient, { error: 'a list of age recipients' })
    .default([])
    .describe(
      'Public keys, `age1…`, printed by `age-keygen`. Any one of their secret keys opens the backups.',
    ),
  identity_files: z
    .array(
      text('the path of a file, not the key itself', (value) => !/^(AGE-SECRET-KEY-|$)/.test(value)),
      { error: 'a list of paths' },
    )
    .default([])
    .describe(
      'Files with the secret keys (`age-keygen -o FILE`), on the machines that verify and restore. Keep a copy elsewhere: without it, no backup can be opened.',
    ),
});

const command = z.strictObject({
  argv: z
    .array(
      text('text', () => true),
      { error: 'a list: the program and its arguments' },
    )
    .min(1, { error: 'at least the program' })
    .optional()
    .describe('The program and its arguments, each as it is: no shell looks at them.'),
  shell: text('a command line')
    .optional()
    .describe('A command line for /bin/sh, instead of `argv`: where pipes, && or * are wanted.'),
  directory: text('the path of a directory')
    .default('.')
    .describe('The working directory. Relative paths, and the default, start at the folder of this file.'),
  env: z
    .record(
      z.string(),
      text('text', () => true),
    )
    .default({})
    .describe(
      'Variables of its environment. Besides them it has PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and TMPDIR, and nothing else of the worker’s.',
    ),
  user: text('a user or user:group, by name or number', (value) => /^([\w.-]+(:[\w.-]+)?)?$/.test(value))
    .optional()
    .describe(
      'As whom it runs: `user` or `user:group`. Default: as the worker. Only a worker of root may change it.',
    ),
  grace: duration
    .prefault('10s')
    .describe('How long it may still take after SIGTERM, when it is to stop; then comes SIGKILL.'),
  retries: wholeNumber(0, 100)
    .default(0)
    .describe('How often it is run again when it failed, or when its worker died. Default: never.'),
  output: z
    .strictObject({
      storage: text('the name of a storage').describe('A name from `storages`.'),
    })
    .optional()
    .describe(
      'Keep the whole of stdout and stderr, as `<job>/<run>/stdout.log`. Without it, the last 8 kB of each are kept, in Temporal.',
    ),
});

const job = z
  .strictObject({
    storage: text('the name of a storage')
      .optional()
      .describe('Where the backups go: a name from `storages`.'),
    consul: consul.optional().describe('The keys and values of a Consul datacenter.'),
    etcd: etcd.optional().describe('The keys and values of an etcd cluster.'),
    elasticsearch: elasticsearch
      .optional()
      .describe('The indices of an Elasticsearch or OpenSearch cluster.'),
    command: command
      .optional()
      .describe('A command that a worker runs, instead of a store to back up (a task: docs/commands.md).'),
    ecs: ecsSchema
      .optional()
      .describe('Tasks that Amazon ECS runs, instead of a store to back up (docs/ecs.md).'),
    allow_empty: yesOrNo
      .default(false)
      .describe(
        'Take a store without keys as a backup. Else it is a failure: mostly a token or prefix is wrong.',
      ),
    max_shrink: format.percent
      .prefault('50%')
      .describe(
        'A backup that holds fewer records or bytes than the last good one, by more than this part, is published as suspicious.',
      ),
    schedule: z
      .union([bareCron.transform((cron) => schedule.parse({ cron })), schedule], {
        error: 'a cron text, or a mapping with `cron`',
      })
      .optional()
      .describe('When to back up: a cron text such as "15 * * * *", or a mapping. Without it, only by hand.'),
    keep: keep
      .prefault({})
      .describe('Which backups stay: those that any of these rules keeps. With no rule, all stay.'),
    encrypt: encrypt.prefault({}).describe('Encrypt the backups with age before they leave the worker.'),
    deadline: duration.prefault('1h').describe('How long a whole run may take, retries included.'),
    approval_timeout: duration
      .prefault('24h')
      .describe('How long the plan of a restore waits for its approval.'),
  })
  .meta({ anyOf: [{ required: ['storage'] }, { required: ['command'] }, { required: ['ecs'] }] });

const names = { pattern: format.namePattern.source };

export const configSchema = z
  .strictObject({
    temporal: temporal
      .prefault({})
      .describe(
        'How to reach Temporal. What is not set here comes from the environment (TEMPORAL_ADDRESS, …) and the profile.',
      ),
    worker: worker.prefault({}).describe('What a worker that has this file does.'),
    storages: z
      .record(z.string(), storageSchema)
      .default({})
      .meta({ description: 'Where backups are kept, by name.', propertyNames: names }),
    jobs: z.record(z.string(), job).meta({
      description:
        'What is backed up, and the tasks, by name. The name of a backup becomes a folder in the storage.',
      propertyNames: names,
    }),
  })
  .describe('Configuration of Holdfast. Any text may hold ${VARIABLE} or ${VARIABLE:-default}.');

export type CheckedConfig = z.output<typeof configSchema>;
export type CheckedJob = CheckedConfig['jobs'][string];
export type CheckedStorage = CheckedConfig['storages'][string];
