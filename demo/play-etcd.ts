import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcd } from '../services/etcd.ts';
import { etcdFingerprint, fillEtcd } from './etcd.ts';
import type { Stage } from './stage.ts';

/** The second part: a snapshot of etcd, restored whole into a new etcd, and key by key into the living one. */
export async function playEtcd(stage: Stage): Promise<void> {
  const { etcd } = stage.services;
  stage.title('etcd: a snapshot');
  await fillEtcd(etcd.address);
  const before = await etcdFingerprint(etcd);
  stage.say(
    `etcd holds ${before.keys.toLocaleString('en-US')} keys. Its backup is a snapshot of the whole database, and it`,
  );
  stage.say('counts only when the hash of all keys in the file is that of the member it came from:\n');
  await stage.holdfast('backup', 'etcd');

  stage.title('The cluster is lost: the snapshot becomes a new one');
  stage.say('This needs no Temporal, and says itself what a person has to do:\n');
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-etcd-'));
  try {
    const dataDir = join(folder, 'data');
    await stage.holdfast('restore', 'etcd', '--to-data-dir', dataDir);
    const fresh = await startEtcd({ dataDir });
    const restored = await etcdFingerprint(fresh).finally(() => fresh.stop());
    stage.say(
      '\nAn etcd that was started from it, as etcdctl shows it (a SHA-256 over all keys and values):\n',
    );
    compare(stage, { before, 'new etcd': restored });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  stage.title('Some keys are lost: they come back into the living cluster');
  await etcd.ctl('del', '--prefix', 'tasks/1');
  await etcd.ctl('put', 'tasks/0000', 'spoilt');
  const broken = await etcdFingerprint(etcd);
  stage.say(
    'Somebody deletes tasks/1… and overwrites another. From the same snapshot, approved beforehand:\n',
  );
  await stage.holdfast('restore', 'etcd', '--mode', 'mirror', '--yes');
  stage.say('');
  compare(stage, { before, broken, after: await etcdFingerprint(etcd) });
}

type Fingerprint = Awaited<ReturnType<typeof etcdFingerprint>>;

/** The last one must be as the first. */
function compare(stage: Stage, fingerprints: Readonly<Record<string, Fingerprint>>): void {
  const all = Object.entries(fingerprints);
  for (const [when, { keys, sha256 }] of all) {
    stage.say(`  ${when.padEnd(8)}  ${keys.toLocaleString('en-US').padStart(6)} keys  ${sha256}`);
  }
  if (all.at(-1)?.[1].sha256 !== all[0]?.[1].sha256) throw new Error('etcd is not as it was.');
}
