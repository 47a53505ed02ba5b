import { breakIt, fill, fingerprint } from './consul.ts';
import { backupWorkflowId } from '../workflows/contract/names.ts';
import type { Stage } from './stage.ts';
import { platformTree } from './tree.ts';

/** The story. What stands behind `$` is what a person would type, with `npx` before it. */
export async function play(stage: Stage): Promise<void> {
  const { temporal, consul, s3, bucket } = stage.services;
  const ui = `${temporal.uiAddress ?? ''}/namespaces/${temporal.namespace}`;

  stage.title('A platform with its state in Consul');
  stage.say(`Real servers run on this machine: Temporal ${ui}/workflows`);
  stage.say(`  Consul ${consul.address}/ui, and an S3 server ${s3.address} with the bucket ${bucket}.`);
  const tree = platformTree();
  await fill(consul.address, tree);
  const before = await fingerprint(consul.address);
  stage.say(`Consul holds ${before.keys} keys now: settings of services, and some that break naive tools`);
  stage.say('(binary values, flags of 2^64-1, `//` and newlines in keys).');

  stage.title('Holdfast is told what to protect');
  const yaml = configuration(s3.address, s3.region, bucket, consul.address);
  await stage.configure(yaml);
  stage.say(indent(yaml));
  await stage.holdfast('config', 'check');
  stage.say('\nA worker is started (`npm run worker`), and the schedules (`npm run start-schedule`):\n');
  await stage.startWorker();
  await stage.holdfast('start-schedule', '--yes');
  stage.say(`\nSee it: ${ui}/schedules`);

  stage.title('A backup');
  stage.say(
    'The schedule takes one every minute; this one is taken now. It is read back and compared before it counts.\n',
  );
  const id = idIn(await stage.holdfast('backup', 'consul'));
  const run = encodeURIComponent(backupWorkflowId('consul', id));
  stage.say(`\nSee the run: ${ui}/workflows/${run}\n`);
  await stage.holdfast('list', 'consul');
  stage.say('\nLook inside, without Consul and without Temporal:\n');
  await stage.holdfast('inspect', 'consul', id, '--prefix', 'hostile/');

  stage.title('The worst day');
  await breakIt(consul.address);
  const broken = await fingerprint(consul.address);
  stage.say('Somebody deletes config/prod/ and hostile/, changes two settings, and leaves 25 keys behind.');
  stage.say(`Consul holds ${broken.keys} keys now.`);

  stage.title('The restore');
  stage.say(
    'A signal asks for it; first of all it shows its plan. Nothing is changed until that plan is approved.\n',
  );
  const plan = await stage.holdfast('restore', 'consul', id, '--mode', 'mirror', '--no-wait');
  stage.say(`\nSee the plan waiting: ${ui}/workflows/restore-consul (Current Details)\n`);
  await stage.holdfast('approve', 'consul', digestIn(plan));

  stage.title('The proof');
  const after = await fingerprint(consul.address);
  stage.say(`before  ${before.keys} keys  sha256 ${before.sha256}`);
  stage.say(`broken  ${broken.keys} keys  sha256 ${broken.sha256}`);
  stage.say(`after   ${after.keys} keys  sha256 ${after.sha256}`);
  if (after.sha256 !== before.sha256) throw new Error('Consul is not as it was.');
  stage.say('\nConsul is as it was, to the last bit: every key, every flag, every value.');

  stage.say(`\nLook around:\n\n  Temporal UI  ${ui}/workflows`);
  stage.say(`  Consul       ${consul.address}/ui\n  S3           ${s3.address}, bucket ${bucket}`);
}

function configuration(endpoint: string, region: string, bucket: string, consul: string): string {
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
`;
}

function idIn(output: string): string {
  const id = /\d{8}T\d{6}Z/.exec(output)?.[0];
  if (id === undefined) throw new Error('The backup names no id.');
  return id;
}

/** The digest as the command prints it: `holdfast approve consul <digest>`. */
function digestIn(output: string): string {
  const digest = /holdfast approve consul ([0-9a-f]{12,})/.exec(output)?.[1];
  if (digest === undefined) throw new Error('The restore shows no plan to approve.');
  return digest;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
