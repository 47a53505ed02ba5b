import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { findOrBuild } from '../services/cache/find.ts';
import { elasticdump } from '../services/elasticdump.ts';
import { startOpenSearch } from '../services/opensearch.ts';
import type { CaseResult } from './case.ts';
import { measureShell } from './command.ts';
import { compete, type Entrant } from './contenders.ts';
import type { Filled } from './fill.ts';
import { goalPeers } from './goals.ts';
import { whole, type Comparison } from './report.ts';
import { measureReading, measureWriting, readyBulks } from './search-ceiling.ts';
import { ask, emptyIndex, fillIndex, requireCount } from './search-data.ts';
import type { Stage } from './stage.ts';
import type { Round } from './statistics.ts';

export interface SearchBench {
  readonly documents: number;
  readonly rounds: number;
  readonly backupOnly: boolean;
  /** So many documents elasticdump gets at its defaults, 100 with each request. */
  readonly fewDocuments: number;
}

type Say = (text: string) => void;

/** As its documentation advises for speed. */
const tuned = '--limit=10000 --intervalCap=1000 --concurrency=8';

/** What OpenSearch's own jvm.options say: with the options for tests, Java would not compile in full. */
const java = [
  '-Xms1g',
  '-Xmx1g',
  '-XX:+UseG1GC',
  '-XX:G1ReservePercent=25',
  '-XX:InitiatingHeapOccupancyPercent=30',
];

/** Fills an OpenSearch, archives an index and restores it under another name, in turns with elasticdump. */
export async function benchSearch(stage: Stage, bench: SearchBench, say: Say): Promise<CaseResult> {
  const load = loadavg()[0] ?? 0;
  const dump = await findOrBuild(elasticdump);
  const directory = await stage.directory();
  const server = await startOpenSearch({ java });
  try {
    say(`Filling OpenSearch with ${whole(bench.documents)} documents …`);
    const all = await fillIndex(server.address, 'all', bench.documents);
    const few = await fillIndex(server.address, 'few', bench.fewDocuments);
    const setting = { ...bench, address: server.address, directory, dump, all, few };
    const backup = await compareBackups(setting, say);
    const restore = bench.backupOnly ? undefined : await compareRestores(setting, say);
    return {
      ...{ tree: { values: 'documents', keys: bench.documents }, load, backup },
      ...(restore && { restore }),
    };
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Setting extends SearchBench {
  readonly address: string;
  readonly directory: string;
  /** The program of the peer. */
  readonly dump: string;
  readonly all: Filled;
  readonly few: Filled;
}

function fileOf({ directory }: Setting, name: string): string {
  return join(directory, name);
}

async function compareBackups(setting: Setting, say: Say): Promise<Comparison> {
  const { address, dump, all, few, rounds } = setting;
  const exporting = async (index: string, { keys }: Filled, flags: string): Promise<Round> => {
    const file = fileOf(setting, `${index}.ndjson`);
    await rm(file, { force: true });
    const line = `node '${dump}' --quiet --input=${address}/${index} --output='${file}' --type=data ${flags}`;
    const round = await measureShell(line, {});
    const lines = await linesIn(file);
    if (lines < keys) throw new Error(`elasticdump exported ${lines} of ${keys} documents.`);
    return round;
  };
  const entrants: readonly Entrant[] = [
    {
      name: 'holdfast: read, archive, read back',
      ...all,
      run: () => transfer(setting, 'backup'),
    },
    { name: goalPeers.dumpTuned, ...all, run: () => exporting('all', all, tuned) },
    { name: goalPeers.dump, ...few, run: () => exporting('few', few, '') },
    {
      name: "OpenSearch's limit: its pages, looked at by nobody",
      ...all,
      run: () => measureReading(address, 'all', all),
    },
  ];
  const [ours, ...peers] = await compete(entrants, rounds, say);
  if (ours === undefined) throw new Error('Nobody took part.');
  return { title: `Export of ${titleOf(setting)}`, ours, peers };
}

async function linesIn(file: string): Promise<number> {
  let lines = 0;
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) {
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines++;
  }
  return lines;
}

/** So many documents the ready-made requests hold: they are all in memory. */
const mostReady = 200_000;

async function compareRestores(setting: Setting, say: Say): Promise<Comparison> {
  const { address, dump, all, few, rounds } = setting;
  const target = async (index: string, { keys }: Filled, work: () => Promise<Round>): Promise<Round> => {
    const round = await work();
    await requireCount(address, index, keys);
    await ask(address, 'DELETE', `/${index}`);
    return round;
  };
  const importing = (index: string, filled: Filled, flags: string) =>
    target(`again-${index}`, filled, async () => {
      await emptyIndex(address, `again-${index}`);
      const file = fileOf(setting, `${index}.ndjson`);
      const line = `node '${dump}' --quiet --input='${file}' --output=${address}/again-${index} --type=data ${flags}`;
      return measureShell(line, {});
    });
  const limitKeys = Math.min(mostReady, all.keys);
  const ready = readyBulks(limitKeys);
  const limit: Filled = { keys: limitKeys, bytes: (all.bytes / all.keys) * limitKeys };
  const entrants: readonly Entrant[] = [
    {
      name: 'holdfast: load, read again, compare',
      ...all,
      run: () => target('restored-all', all, () => transfer(setting, 'restore')),
    },
    { name: goalPeers.dumpTuned, ...all, run: () => importing('all', all, tuned) },
    { name: goalPeers.dump, ...few, run: () => importing('few', few, '') },
    {
      name: "OpenSearch's limit: bulk requests, ready-made",
      ...limit,
      run: () => target('limit', limit, () => measureWriting(address, 'limit', ready)),
    },
  ];
  const [ours, ...peers] = await compete(entrants, rounds, say);
  if (ours === undefined) throw new Error('Nobody took part.');
  return { title: `Import of ${titleOf(setting)}`, ours, peers };
}

function titleOf({ all, few }: Setting): string {
  const size = `${whole(all.keys)} documents, ${whole(all.bytes / 1e6)} MB in all`;
  return `${size} (elasticdump at its defaults: ${whole(few.keys)} of them)`;
}

/** Ours, in a process of its own with the settings of the worker. */
function transfer(setting: Setting, work: 'backup' | 'restore'): Promise<Round> {
  const program = join(import.meta.dirname, 'search-transfer.ts');
  const flags = '--max-semi-space-size=4 --initial-heap-size=72 --max-old-space-size=256';
  const file = fileOf(setting, 'documents.ndjson.zst');
  return measureShell(`node ${flags} '${program}' ${work} ${setting.address} all '${file}'`, {
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '131072',
  });
}
