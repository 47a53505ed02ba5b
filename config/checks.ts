import { checkAlarms } from './alarms.ts';
import { checkAws } from './aws.ts';
import type { Path } from './document.ts';
import { checkDrill } from './drill-checks.ts';
import { checkEcs } from './ecs.ts';
import type { Finding } from './finding.ts';
import { describeFound, type Judged } from './findings.ts';
import { keptMark, namePattern } from './formats.ts';
import { nearest } from './nearest.ts';
import { checkRunIn } from './run-in.ts';
import { isMapping, valueAt } from './settings.ts';

/**
 * What the schema cannot say, because it takes several settings together. It looks at the data before the schema
 * has accepted it, so that all mistakes are found in one go, and passes over what has the wrong shape.
 */
export function checkTogether(judged: Judged): Finding[] {
  return [
    ...checkStatus(judged.data),
    ...checkStorages(judged.data),
    ...checkJobs(judged),
    ...checkAlarms(judged.data, exactlyOne),
  ];
}

function checkStatus(data: unknown): Finding[] {
  const path = ['worker', 'status'];
  const status = valueAt(data, path);
  if (!isMapping(status) || !('token' in status && 'token_file' in status)) return [];
  return [{ path: [...path, 'token_file'], at: 'key', text: 'found beside `token`; expected one of them' }];
}

function checkStorages(data: unknown): Finding[] {
  const findings: Finding[] = [];
  for (const [name, storage] of mappings(data, 'storages')) {
    const path = ['storages', name];
    findings.push(...checkName(path, name), ...exactlyOne(path, storage, ['s3', 'directory']));
    const s3 = storage['s3'];
    if (isMapping(s3)) findings.push(...checkAws([...path, 's3'], s3));
  }
  return findings;
}

function checkJobs(judged: Judged): Finding[] {
  const findings: Finding[] = [];
  for (const [name, job] of mappings(judged.data, 'jobs')) {
    const path = ['jobs', name];
    findings.push(
      ...checkName(path, name),
      ...exactlyOne(path, job, ['consul', 'etcd', 'elasticsearch', 'command', 'ecs']),
    );
    const task = ['command', 'ecs'].find((kind) => kind in job);
    if (task !== undefined) {
      findings.push(...checkTask(path, job, task, judged));
      continue;
    }
    findings.push(...checkStorageName([...path, 'storage'], job['storage'], judged));
    for (const kind of ['consul', 'etcd', 'elasticsearch'] as const) {
      const store = job[kind];
      if (isMapping(store)) findings.push(...checkStore(kind, [...path, kind], store));
    }
    findings.push(...checkSecrecy(path, job), ...checkDrill(path, name, judged), ...checkRunIn(path, job));
  }
  return findings;
}

/** What only a job that backs up a store has. */
const backupSettings = [
  ...['storage', 'allow_empty', 'max_shrink', 'run_in', 'keep', 'drill', 'verify', 'encrypt'],
  'approval_timeout',
];

/** Of the settings of a job, a task has a few only: the others would promise what does not happen. */
function checkTask(
  path: Path,
  job: Readonly<Record<string, unknown>>,
  kind: string,
  judged: Judged,
): Finding[] {
  const { command, ecs } = job;
  const foreign = backupSettings.filter((name) => name in job);
  return [
    ...foreign.map((name): Finding => {
      const text = `found beside \`${kind}\`; expected it only in a job that backs up a store`;
      return { path: [...path, name], at: 'key', text };
    }),
    ...(isMapping(command) ? checkCommand([...path, 'command'], command, judged) : []),
    ...checkEcs([...path, 'ecs'], ecs),
  ];
}

function checkCommand(path: Path, command: Readonly<Record<string, unknown>>, judged: Judged): Finding[] {
  const { env, output } = command;
  const names = isMapping(env) ? Object.keys(env).filter((name) => !/^[A-Za-z_]\w*$/.test(name)) : [];
  return [
    ...exactlyOne(path, command, ['argv', 'shell']),
    ...(isMapping(output) ? checkStorageName([...path, 'output', 'storage'], output['storage'], judged) : []),
    ...names.map((name): Finding => {
      const text = 'found another name; expected letters, digits and _, not starting with a digit';
      return { path: [...path, 'env', name], at: 'key', text };
    }),
  ];
}

function checkStore(
  kind: 'consul' | 'etcd' | 'elasticsearch',
  path: Path,
  store: Readonly<Record<string, unknown>>,
): Finding[] {
  const { tls } = store;
  return [
    ...checkKind[kind](path, store),
    ...(isMapping(tls) ? together([...path, 'tls'], tls, ['cert', 'key']) : []),
  ];
}

const checkKind = {
  consul: (path: Path, store: Readonly<Record<string, unknown>>) => [
    ...exactlyOne(path, store, ['address', 'addresses']),
    ...checkPrefix(path, store, { default: 'keys', takes: 'all of Consul' }),
  ],
  etcd: (path: Path, store: Readonly<Record<string, unknown>>) => [
    ...together(path, store, ['user', 'password']),
    ...checkPrefix(path, store, { default: 'snapshot', takes: 'the whole database' }),
  ],
  elasticsearch: (path: Path, store: Readonly<Record<string, unknown>>) => [
    ...together(path, store, ['user', 'password']),
    ...('user' in store && 'api_key' in store
      ? [
          {
            path: [...path, 'api_key'],
            at: 'key' as const,
            text: 'found beside `user`; expected one of them',
          },
        ]
      : []),
    ...checkMode(path, store),
    ...checkRepository([...path, 'repository'], store['repository']),
  ],
};

/** Documents pass through the worker: what says how the cluster takes snapshots would promise something else. */
function checkMode(path: Path, store: Readonly<Record<string, unknown>>): Finding[] {
  const { mode = 'snapshot' } = store;
  if (mode === 'snapshot' && !('repository' in store)) {
    const text = 'missing; `mode: snapshot` (the default) needs it';
    return [{ path: [...path, 'repository'], at: 'key', text }];
  }
  if (mode !== 'documents') return [];
  const names = ['repository', 'global_state', 'feature_states', 'snapshot_name'];
  return names
    .filter((name) => name in store)
    .map((name) => ({
      path: [...path, name],
      at: 'key' as const,
      text: 'found beside `mode: documents`; expected it only with `mode: snapshot`',
    }));
}

/** Keys are the nodes' own matter (their keystore, their role): a request that carries them would show them to all. */
function checkRepository(path: Path, repository: unknown): Finding[] {
  if (!isMapping(repository)) return [];
  const { settings } = repository;
  if (!isMapping(settings)) return [];
  if (!('type' in repository)) return together(path, repository, ['settings', 'type']);
  const secrets = Object.keys(settings).filter((name) =>
    /secret|access_key|session_token|password/i.test(name),
  );
  return secrets.map((name) => ({
    path: [...path, 'settings', name],
    at: 'key' as const,
    text: 'found credentials; expected them in the keystore of each node, or a role of the nodes',
  }));
}

/** A snapshot holds everything: a prefix would promise that it does not. */
function checkPrefix(
  path: Path,
  { mode, prefix = '' }: Readonly<Record<string, unknown>>,
  usual: { readonly default: 'keys' | 'snapshot'; readonly takes: string },
): Finding[] {
  if ((mode ?? usual.default) !== 'snapshot' || prefix === '') return [];
  const isDefault = usual.default === 'snapshot' ? ' (the default)' : '';
  const text =
    `found beside \`mode: snapshot\`${isDefault}, which always takes ${usual.takes}; ` +
    'expected it only with `mode: keys`';
  return [{ path: [...path, 'prefix'], at: 'key', text }];
}

/** A snapshot of Consul holds the secrets of all its tokens: that it may be read must have been said. */
function checkSecrecy(path: Path, { consul, encrypt }: Readonly<Record<string, unknown>>): Finding[] {
  if (!isMapping(consul) || consul['mode'] !== 'snapshot') return [];
  const { recipients, allow_plaintext: allowed } = isMapping(encrypt) ? encrypt : {};
  if (allowed === true || (Array.isArray(recipients) && recipients.length > 0)) return [];
  const text =
    'missing `recipients`; a snapshot of Consul holds the secrets of all ACL tokens: name age recipients ' +
    '(`age-keygen` makes a key), or say `allow_plaintext: true`';
  return [{ path: [...path, 'encrypt'], at: 'key', text }];
}

function checkName(path: Path, name: string): Finding[] {
  if (namePattern.test(name)) return [];
  const text = `found the name ${JSON.stringify(name)}; expected at most 60 small letters, digits and hyphens, not starting with a hyphen`;
  return [{ path, at: 'key', text }];
}

function checkStorageName(path: Path, name: unknown, judged: Judged): Finding[] {
  if (name === undefined) return [{ path, at: 'key', text: 'missing; expected the name of a storage' }];
  const storages = valueAt(judged.data, ['storages']);
  if (typeof name !== 'string' || !isMapping(storages) || Object.hasOwn(storages, name)) return [];
  if (name.startsWith(keptMark)) {
    return [
      { path, at: 'value', text: 'uses a variable that is not set; which storage it is must be known' },
    ];
  }
  const known = Object.keys(storages);
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  const found = describeFound(name, path, judged.templates);
  return [
    { path, at: 'value', text: `${found}; expected a name from \`storages\` (${known.join(', ')})${hint}` },
  ];
}

function exactlyOne(
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Finding[] {
  const [first, second] = names.filter((name) => name in mapping);
  const list = names.map((name) => `\`${name}\``);
  if (first === undefined)
    return [{ path, at: 'key', text: `found no ${list.join(' and no ')} in it; expected one` }];
  if (second === undefined) return [];
  const text = `found beside \`${first}\`; expected only one of ${list.join(', ')}`;
  return [{ path: [...path, second], at: 'key', text }];
}

function together(
  path: Path,
  mapping: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Finding[] {
  const present = names.find((name) => name in mapping);
  const absent = names.find((name) => !(name in mapping));
  if (present === undefined || absent === undefined) return [];
  return [{ path: [...path, absent], at: 'key', text: `missing; \`${present}\` needs it` }];
}

function mappings(data: unknown, name: string): [string, Readonly<Record<string, unknown>>][] {
  const outer = valueAt(data, [name]);
  if (!isMapping(outer)) return [];
  return Object.entries(outer).flatMap(([key, inner]) => (isMapping(inner) ? [[key, inner]] : []));
}
