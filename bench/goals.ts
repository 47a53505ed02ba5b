import type { CaseResult } from './case.ts';
import { ratioText, whole, type Comparison } from './report.ts';
import { speedRatio, summary } from './statistics.ts';

export interface Goal {
  readonly text: string;
  readonly reached: boolean;
}

/** Names by which the goals find the peers they speak of. */
export const goalPeers = {
  export: 'consul kv export > file',
  import: 'consul kv import',
  snapshot: 'etcdctl snapshot save, s5cmd cp',
  dump: 'elasticdump',
  dumpTuned: 'elasticdump, tuned',
} as const;

/** How many times as fast as them Holdfast is to be. */
const speeds: ReadonlyMap<string, number> = new Map([
  [goalPeers.export, 1],
  [goalPeers.import, 15],
  [goalPeers.snapshot, 1],
  [goalPeers.dump, 50],
  [goalPeers.dumpTuned, 2],
]);
const workerMegabytes = 300;

/** What issue and documentation promise, held against what was measured. */
export function goalsOf(comparison: Comparison): readonly Goal[] {
  const { ours, peers } = comparison;
  const { peak } = summary(ours);
  const memory = {
    text: `peak memory of the worker ${whole(peak / 1e6)} MB (goal: under ${workerMegabytes} MB)`,
    reached: peak < workerMegabytes * 1e6,
  };
  const reached = peers.flatMap((peer) => {
    const goal = speeds.get(peer.name);
    if (goal === undefined) return [];
    const ratio = speedRatio(ours, peer);
    return [{ text: `${ratioText(ratio)} as fast as ${peer.name} (goal: ${goal}x)`, reached: ratio >= goal }];
  });
  return [...reached, memory];
}

export function goalText({ text, reached }: Goal): string {
  return `  ${reached ? 'reached' : 'MISSED '}  ${text}`;
}

/** Memory must not grow with the store: the largest case of each kind against the smallest. */
export function memoryGrowth(results: readonly Pick<CaseResult, 'tree' | 'backup' | 'restore'>[]): string {
  const lines: string[] = [];
  for (const [values, cases] of Map.groupBy(results, ({ tree }) => tree.values)) {
    const sorted = cases.toSorted((one, other) => one.tree.keys - other.tree.keys);
    const [least, most] = [sorted[0], sorted.at(-1)];
    if (least === undefined || most === undefined || least === most) continue;
    for (const kind of ['backup', 'restore'] as const) {
      const comparisons = [least[kind], most[kind]].filter((comparison) => comparison !== undefined);
      if (comparisons.length < 2) continue;
      const [small, large] = comparisons.map(({ ours }) => summary(ours).peak / 1e6);
      const [few, many] = [least.tree.keys, most.tree.keys].map(whole);
      lines.push(
        `Peak memory of the worker, ${kind}, ${values} values: ${whole(small ?? 0)} MB with ${few ?? ''} keys, ` +
          `${whole(large ?? 0)} MB with ${many ?? ''}`,
      );
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}
