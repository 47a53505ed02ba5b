import { rm, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { findOrBuild } from '../services/cache/find.ts';
import { etcdctl, type EtcdServer, startEtcd } from '../services/etcd.ts';
import type { CaseResult } from './case.ts';
import { measureShell, measureUntil } from './command.ts';
import { compete, type Entrant } from './contenders.ts';
import { fillEtcd, writePuts } from './etcd-data.ts';
import type { Filled } from './fill.ts';
import { goalPeers } from './goals.ts';
import { measureBackup, measureRestore } from './holdfast.ts';
import { type Comparison, whole } from './report.ts';
import type { Stage } from './stage.ts';
import { startWorker } from './worker.ts';

export interface EtcdBench {
  /** Of keys and values. */
  readonly megabytes: number;
  readonly rounds: number;
  readonly backupOnly: boolean;
  /** So many keys the loop of `etcdctl put` gets: it takes too long for all. */
  readonly putKeys: number;
}

type Say = (text: string) => void;

/** What etcd itself advises as the most. */
const flags = [`--quota-backend-bytes=${8 * 2 ** 30}`];

/** Fills an etcd, backs it up in turns with the peer, then restores its keys into empty ones in turns with the peers. */
export async function benchEtcd(stage: Stage, bench: EtcdBench, say: Say): Promise<CaseResult> {
  const load = loadavg()[0] ?? 0;
  const job = `etcd-${bench.megabytes}`;
  const ctl = await findOrBuild(etcdctl);
  const directory = await stage.directory();
  const source = await startEtcd({ dataDir: join(directory, 'source'), flags });
  try {
    say(`Filling etcd with ${whole(bench.megabytes)} MB …`);
    const filled = await fillEtcd(source.address, bench.megabytes * 1e6);
    const size = `${whole(filled.keys)} keys, ${whole(filled.bytes / 1e6)} MB in all`;
    const config = join(directory, 'holdfast.yaml');
    await writeFile(config, configuration(stage, job, source.address));
    const setting: Setting = { ...bench, stage, job, source, filled, directory, config, size, ctl, say };

    const backup = await compareBackups(setting);
    if (bench.backupOnly) return { tree: { values: 'mixed', keys: filled.keys }, load, backup };
    const restore = await compareRestores(setting);
    return { tree: { values: 'mixed', keys: filled.keys }, load, backup, restore };
  } finally {
    await source.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Setting extends EtcdBench {
  readonly stage: Stage;
  readonly job: string;
  readonly source: EtcdServer;
  readonly filled: Filled;
  readonly directory: string;
  readonly config: string;
  /** For titles. */
  readonly size: string;
  /** The program. */
  readonly ctl: string;
  readonly say: Say;
}

async function compareBackups(setting: Setting): Promise<Comparison> {
  const { stage, job, source, filled, directory, rounds, ctl, say } = setting;
  const { s5cmd } = stage.programs;
  const file = join(directory, 'peer.db');
  const object = `s3://${stage.bucket}/peer/${job}.db`;
  const env = { ...stage.env, ETCDCTL_ENDPOINTS: source.address };
  const worker = await startWorker(setting.config, stage.env);
  let round = 0;
  try {
    const [ours, ...peers] = await compete(
      [
        {
          name: 'holdfast: capture, verify, publish',
          ...filled,
          async run() {
            await touch(source, round++);
            return measureBackup(stage.client, worker, { job, store: 'etcd' });
          },
        },
        {
          name: goalPeers.snapshot,
          ...filled,
          run: () =>
            measureShell(`'${ctl}' snapshot save '${file}' && '${s5cmd}' cp '${file}' ${object}`, env),
        },
      ],
      rounds,
      say,
    );
    if (ours === undefined) throw new Error('Nobody took part.');
    return { title: `Backup of ${setting.size}`, ours, peers };
  } finally {
    await worker.stop();
    await rm(file, { force: true });
  }
}

async function compareRestores(setting: Setting): Promise<Comparison> {
  const { stage, source, filled, directory, rounds, ctl, say } = setting;
  const job = keysJob(setting.job);
  const puts = await writePuts(directory, setting.putKeys);
  const worker = await startWorker(setting.config, stage.env);
  // `touch` has added one.
  const keys = filled.keys + 1;
  const loop = `n=0; while read -r key; do '${ctl}' put "$key" < values/$n > /dev/null; n=$((n + 1)); done < keys`;
  try {
    await measureBackup(stage.client, worker, { job, store: 'etcd' });
    const entrants: readonly Entrant[] = [
      {
        name: 'holdfast: plan, apply, prove',
        ...filled,
        keys,
        run: () =>
          intoEmpty(setting, () =>
            measureRestore(stage.client, worker, { job, store: 'etcd' }, 'target', keys),
          ),
      },
      {
        name: 'etcdctl make-mirror',
        ...filled,
        keys,
        run: () =>
          intoEmpty(setting, ({ address }) =>
            measureUntil(
              `'${ctl}' make-mirror ${address}`,
              { ETCDCTL_ENDPOINTS: source.address },
              async () => (await countKeys(address)) >= keys,
            ),
          ),
      },
      {
        name: 'a loop of etcdctl put',
        ...puts,
        run: () =>
          intoEmpty(setting, ({ address }) =>
            measureShell(`cd '${directory}'; ${loop}`, { ETCDCTL_ENDPOINTS: address }),
          ),
      },
    ];
    const [ours, ...peers] = await compete(entrants, rounds, say);
    if (ours === undefined) throw new Error('Nobody took part.');
    return { title: `Restore of ${setting.size} (the loop: ${whole(puts.keys)} keys of them)`, ours, peers };
  } finally {
    await worker.stop();
  }
}

/** Does the work with an etcd that is new, empty, and keeps its data on disk. */
async function intoEmpty<T>(
  { stage, directory }: Setting,
  work: (target: EtcdServer) => Promise<T>,
): Promise<T> {
  const dataDir = join(directory, 'target');
  const target = await startEtcd({ dataDir, port: stage.targetPort, flags });
  try {
    return await work(target);
  } finally {
    await target.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** One more write, so that no backup finds the store as the one before has left it. */
async function touch(source: EtcdServer, round: number): Promise<void> {
  await source.ctl('put', '/registry/round', String(round));
}

async function countKeys(address: string): Promise<number> {
  const all = Buffer.from([0]).toString('base64');
  const response = await fetch(`${address}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify({ key: all, range_end: all, count_only: true }),
  });
  const { count = '0' } = (await response.json()) as { readonly count?: string };
  return Number(count);
}

function keysJob(job: string): string {
  return `${job}-keys`;
}

/** JSON, which YAML understands. */
function configuration({ s3, bucket, targetPort }: Stage, job: string, source: string): string {
  const etcd = (address: string, mode: 'snapshot' | 'keys') => ({
    storage: 'main',
    etcd: { endpoints: [address], mode },
  });
  return JSON.stringify({
    storages: { main: { s3: { bucket, endpoint: s3.address, region: s3.region, path_style: true } } },
    jobs: {
      [job]: etcd(source, 'snapshot'),
      [keysJob(job)]: etcd(source, 'keys'),
      target: etcd(`http://127.0.0.1:${targetPort}`, 'keys'),
    },
  });
}
