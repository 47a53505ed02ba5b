import { breakIt, fill, fingerprint } from './consul.ts';
import { playDrills } from './play-drills.ts';
import { playEtcd } from './play-etcd.ts';
import { playSearch, searchJobs } from './play-search.ts';
import { backupWorkflowId } from '../workflows/contract/names.ts';
import type { Stage } from './stage.ts';
import { platformTree } from './tree.ts';

/** The story. What stands behind `$` is what a person would type, with `npx` before it. */
export async function play(stage: Stage): Promise<void> {
  const { temporal, consul, etcd, s3, bucket, opensearch } = stage.services;
  const ui = `${temporal.uiAddress ?? ''}/namespaces/${temporal.namespace}`;

  stage.title('A platform with its state in Consul');
  stage.say('These are real servers, on this machine only. Look at them while the demo goes on:\n');
  stage.say(`  Temporal UI  ${ui}/workflows`);
  stage.say(`  Consul       ${consul.address}/ui`);
  stage.say(`  S3           ${s3.address}, bucket ${bucket}`);
  if (opensearch && 'address' in opensearch) stage.say(`  OpenSearch   ${opensearch.address}`);
  stage.say('');
  await fill(consul.address, platformTree());
  const before = await fingerprint(consul.address);
  stage.say(
    `Consul holds ${number(before.keys)} keys now: the settings of 40 services in three environments, and a few`,
  );
  stage.say('that break naive tools: binary values, flags of 2^64-1, `//` and line breaks in keys.');

  stage.title('Holdfast is told what to protect');
  const yaml = configuration(s3.address, s3.region, bucket, consul.address, etcd.address) + searchJobs(stage);
  await stage.configure(yaml);
  stage.say(`This is the whole configuration, holdfast.yaml:\n\n${indent(yaml)}`);
  await stage.holdfast('config', 'check');
  stage.say(
    '\nA worker is started; it does the work (`npm run worker`). Then the schedules are put into Temporal',
  );
  stage.say('(`npm run start-schedule`), with a workflow that stands by for restores:\n');
  await stage.startWorker();
  await stage.holdfast('start-schedule', '--yes');
  stage.say(`\nSee the schedule: ${ui}/schedules`);

  stage.title('A backup');
  stage.say(
    'From now on one is taken every minute. This one is taken by hand, and followed. It counts as a backup',
  );
  stage.say('only when it has been read back from S3 and compared.\n');
  await stage.holdfast('backup', 'consul');
  const id = await manualBackup(stage);
  stage.say(`\nSee how it went: ${ui}/workflows/${encodeURIComponent(backupWorkflowId('consul', id))}`);
  stage.say('(its tab "User Metadata" tells it in plain words). The catalog of backups:\n');
  await stage.holdfast('list', 'consul');
  stage.say('What is in it? To read a backup, neither Consul nor Temporal is needed:\n');
  await stage.holdfast('inspect', 'consul', id, '--prefix', 'hostile/');

  stage.title('The worst day');
  await breakIt(consul.address);
  const broken = await fingerprint(consul.address);
  stage.say('Somebody deletes config/prod/ and hostile/, changes two settings, and leaves 25 keys behind.');
  stage.say(`Consul holds ${number(broken.keys)} keys now.`);

  stage.title('The restore');
  stage.say(
    'A signal to the workflow `restore-consul` asks for it. It answers with a plan, and changes nothing yet.',
  );
  stage.say('`mirror` means: afterwards it is as the backup is, so what is too much goes.\n');
  await stage.holdfast('restore', 'consul', id, '--mode', 'mirror', '--no-wait');
  stage.say(`\nSee the plan waiting: ${ui}/workflows/restore-consul`);
  stage.say(
    '(tab "User Metadata"; it can be approved there as well). Approved by the digest of the plan, so that',
  );
  stage.say(
    'nothing else can be meant, it takes a backup of what it will overwrite, writes, and compares:\n',
  );
  await stage.holdfast('approve', 'consul', await waitingPlan(stage));

  stage.title('The proof');
  stage.say(
    'Not in the words of Holdfast: a SHA-256 over all that Consul itself shows (`/v1/kv/?recurse`), but for the',
  );
  stage.say('indexes by which it counts writes.\n');
  const after = await fingerprint(consul.address);
  for (const [when, { keys, sha256 }] of Object.entries({ before, broken, after })) {
    stage.say(`  ${when.padEnd(6)}  ${number(keys).padStart(6)} keys  ${sha256}`);
  }
  if (after.sha256 !== before.sha256) throw new Error('Consul is not as it was.');
  stage.say('\nConsul is as it was, to the last bit: every key, every flag, every value.');

  await playEtcd(stage);
  await playSearch(stage);
  await playDrills(stage, yaml);
}

/** For those who stay: where to look, and how to use the command line on what runs here. */
export function lookAround(stage: Stage): void {
  const { temporal, consul, s3, bucket } = stage.services;
  stage.title('Your turn');
  stage.say(
    'Everything stays until Ctrl-C, and a backup of Consul is taken, and one of each store drilled, each minute.\n',
  );
  stage.say(`  Temporal UI  ${temporal.uiAddress ?? ''}/namespaces/${temporal.namespace}/workflows`);
  stage.say(`  Consul       ${consul.address}/ui`);
  stage.say(`  S3           ${s3.address}, bucket ${bucket}\n`);
  stage.say('In another terminal, in this folder:\n');
  for (const [name, value] of Object.entries(stage.environment)) stage.say(`  export ${name}=${value}`);
  stage.say('\n  npx holdfast status consul');
  stage.say('  npx holdfast list consul');
  stage.say('  npx holdfast drill etcd');
  stage.say('  npx holdfast restore consul --mode mirror --dry-run');
}

function configuration(
  endpoint: string,
  region: string,
  bucket: string,
  consul: string,
  etcd: string,
): string {
  return `temporal:
  address: \${TEMPORAL_ADDRESS}
storages:
  main:
    s3:
      bucket: ${bucket}
      endpoint: ${endpoint}
      region: ${region}
      path_style: true
      # Credentials come from the environment here, from the role of the machine elsewhere.
jobs:
  consul:
    storage: main
    consul:
      address: ${consul}
    schedule: '* * * * *'
    keep:
      last: 24
      daily: 30
  etcd:
    storage: main
    etcd:
      endpoints: ['${etcd}']
`;
}

/** The schedule may have made others since. */
async function manualBackup(stage: Stage): Promise<string> {
  const lines = (await stage.ask('list', 'consul')).trim().split('\n');
  const backups = lines.map((line) => JSON.parse(line) as { readonly id: string; readonly reason: string });
  const manual = backups.find(({ reason }) => reason === 'manual');
  if (manual === undefined) throw new Error('The catalog does not show the backup that was taken by hand.');
  return manual.id;
}

interface Waiting {
  readonly jobs: readonly { readonly restore: { readonly plan?: { readonly digest: string } } }[];
}

async function waitingPlan(stage: Stage): Promise<string> {
  const { jobs } = JSON.parse(await stage.ask('status', 'consul')) as Waiting;
  const digest = jobs[0]?.restore.plan?.digest;
  if (digest === undefined) throw new Error('No plan waits for its approval.');
  return digest.slice(0, 12);
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
