import { rm, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { startConsul } from '../services/consul.ts';
import type { CaseResult } from './case.ts';
import { measureShell } from './command.ts';
import { measureSending, readyRequests } from './ceiling.ts';
import { fillConsul, touch, writeExport } from './consul-data.ts';
import { compete, type Entrant } from './contenders.ts';
import { goalPeers } from './goals.ts';
import { measureBackup, measureRestore } from './holdfast.ts';
import { type Comparison, whole } from './report.ts';
import type { Stage } from './stage.ts';
import { type Tree, treeOf, type ValueSize } from './tree.ts';
import { startWorker } from './worker.ts';

export interface ConsulBench {
  readonly values: ValueSize;
  /** Of small values; `treeOf` tells how many large ones. */
  readonly keys: number;
  readonly rounds: number;
  readonly backupOnly: boolean;
  /** So many keys `consul kv import` gets: it takes too long for all. */
  readonly importKeys: number;
}

type Say = (text: string) => void;

/** Fills a Consul, backs it up in turns with the peers, then restores into empty ones in turns with the peer. */
export async function benchConsul(stage: Stage, bench: ConsulBench, say: Say): Promise<CaseResult> {
  const tree = treeOf(bench.values, bench.keys);
  const load = loadavg()[0] ?? 0;
  const job = `${tree.values}-${tree.keys}`;
  const directory = await stage.directory();
  const source = await startConsul({ dataDir: join(directory, 'source') });
  try {
    say(`Filling Consul with ${whole(tree.keys)} keys …`);
    const bytes = await fillConsul(source.address, tree);
    const size = `${whole(tree.keys)} keys with ${tree.values} values, ${whole(bytes / 1e6)} MB in all`;
    const config = join(directory, 'holdfast.yaml');
    await writeFile(config, configuration(stage, job, source.address));
    const setting: Setting = { ...bench, stage, job, tree, bytes, directory, config, size, say };

    const backup = await compareBackups(setting, source.address);
    await source.stop();
    if (bench.backupOnly) return { tree, load, backup };
    const restore = await compareRestores(setting);
    return { tree, load, backup, restore };
  } finally {
    await source.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Setting extends ConsulBench {
  readonly stage: Stage;
  readonly job: string;
  readonly tree: Tree;
  readonly bytes: number;
  readonly directory: string;
  readonly config: string;
  /** For titles. */
  readonly size: string;
  readonly say: Say;
}

async function compareBackups(setting: Setting, address: string): Promise<Comparison> {
  const { stage, job, tree, bytes, directory, rounds, say } = setting;
  const { consul, s5cmd } = stage.programs;
  const env = { ...stage.env, CONSUL_HTTP_ADDR: address };
  const file = join(directory, 'peer');
  const object = `s3://${stage.bucket}/peer/${job}`;
  const shell = (name: string, line: string): Entrant => ({
    name,
    keys: tree.keys,
    bytes,
    run: () => measureShell(line, env),
  });
  const worker = await startWorker(setting.config, stage.env);
  let round = 0;
  try {
    const [ours, ...peers] = await compete(
      [
        {
          name: 'holdfast: capture, verify, publish',
          keys: tree.keys,
          bytes,
          async run() {
            await touch(address, round++);
            return measureBackup(stage.client, worker, { job, store: 'consul' });
          },
        },
        shell(goalPeers.export, `'${consul}' kv export > '${file}'`),
        shell(
          'consul kv export | zstd | s5cmd pipe',
          `'${consul}' kv export | zstd -q | '${s5cmd}' pipe ${object}.zst`,
        ),
        shell(
          'consul snapshot save, s5cmd cp',
          `'${consul}' snapshot save '${file}' && '${s5cmd}' cp '${file}' ${object}.snap`,
        ),
      ],
      rounds,
      say,
    );
    if (ours === undefined) throw new Error('Nobody took part.');
    return { title: `Backup of ${setting.size}`, ours, peers };
  } finally {
    await worker.stop();
  }
}

/** So many keys the ready-made requests hold: they are all in memory. */
const mostReady = { small: 100_000, large: 2_000 };

async function compareRestores(setting: Setting): Promise<Comparison> {
  const { stage, job, tree, bytes, directory, rounds, say } = setting;
  const importKeys = Math.min(setting.importKeys, tree.keys);
  const file = join(directory, 'import.json');
  const importBytes = await writeExport(file, { ...tree, keys: importKeys });
  const limitKeys = Math.min(mostReady[tree.values], tree.keys);
  const ready = await readyRequests({ ...tree, keys: limitKeys });
  // `touch` has added one.
  const keys = tree.keys + 1;
  const worker = await startWorker(setting.config, stage.env);
  try {
    const [ours, ...peers] = await compete(
      [
        {
          name: 'holdfast: plan, apply, prove',
          keys,
          bytes,
          run: () =>
            intoEmpty(setting, () =>
              measureRestore(stage.client, worker, { job, store: 'consul' }, 'target', keys),
            ),
        },
        {
          name: goalPeers.import,
          keys: importKeys,
          bytes: importBytes,
          run: () =>
            intoEmpty(setting, (address) =>
              measureShell(`'${stage.programs.consul}' kv import '@${file}' > /dev/null`, {
                CONSUL_HTTP_ADDR: address,
              }),
            ),
        },
        {
          name: "Consul's limit: the same requests, ready-made",
          keys: limitKeys,
          bytes: ready.reduce((sum, request) => sum + request.bytes, 0),
          run: () => intoEmpty(setting, (address) => measureSending(address, ready)),
        },
      ],
      rounds,
      say,
    );
    if (ours === undefined) throw new Error('Nobody took part.');
    const note = importKeys < tree.keys ? ` (${goalPeers.import}: ${whole(importKeys)} keys of them)` : '';
    return { title: `Restore of ${setting.size}${note}`, ours, peers };
  } finally {
    await worker.stop();
  }
}

/** Does the work with a Consul that is new, empty, and keeps its data on disk. */
async function intoEmpty<T>(
  { stage, directory }: Setting,
  work: (address: string) => Promise<T>,
): Promise<T> {
  const dataDir = join(directory, 'target');
  const target = await startConsul({ dataDir, port: stage.targetPort });
  try {
    return await work(target.address);
  } finally {
    await target.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** JSON, which YAML understands. */
function configuration({ s3, bucket, targetPort }: Stage, job: string, source: string): string {
  const consul = (address: string) => ({ storage: 'main', consul: { address } });
  return JSON.stringify({
    storages: { main: { s3: { bucket, endpoint: s3.address, region: s3.region, path_style: true } } },
    jobs: { [job]: consul(source), target: consul(`http://127.0.0.1:${targetPort}`) },
  });
}
