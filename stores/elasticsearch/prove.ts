import type { IndexFacts } from '../../workflows/contract/index-facts.ts';
import { sendInLanes } from '../lanes.ts';
import type { IndexPlan, IndexProof } from '../repository-store.ts';
import type { Connection } from './connection.ts';
import { countDocuments } from './indices.ts';
import { readSamples } from './samples.ts';

const told = 20;
/** Indices that are asked at once. */
const lanes = 4;

/** Compares what was restored with what was counted and sampled when the snapshot was taken. */
export async function proveRestore(
  connection: Connection,
  facts: readonly IndexFacts[],
  plan: readonly IndexPlan[],
  { signal, onIndex }: { readonly signal: AbortSignal; readonly onIndex: (indices: number) => void },
): Promise<IndexProof> {
  const byName = new Map(facts.map((fact) => [fact.index, fact]));
  const examples: string[] = [];
  let [indices, documents, samples, differing, notCounted] = [0, 0, 0, 0, 0];
  async function* lines() {
    for (const { op, index, target } of plan) {
      const wanted = byName.get(index);
      const isRestored = op === 'add' || op === 'change';
      if (isRestored && wanted !== undefined) yield await Promise.resolve({ wanted, target });
    }
  }
  await sendInLanes(lines(), lanes, signal, (stopping) => async ({ wanted, target }) => {
    // A closed one is restored as it was, and cannot be asked; the server compares the checksums of its files.
    const { count, compared, problems } =
      wanted.state === 'close' ? notAsked : await compare(connection, wanted, target, stopping);
    documents += count;
    samples += compared;
    if (!wanted.settled || wanted.state === 'close') notCounted += 1;
    if (problems.length > 0) {
      differing += 1;
      if (examples.length < told) examples.push(`${target}: ${problems.join(', ')}`);
    }
    indices += 1;
    onIndex(indices);
  });
  return { indices, documents, samples, differing, examples, notCounted };
}

const notAsked = { count: 0, compared: 0, problems: [] };

async function compare(
  connection: Connection,
  wanted: IndexFacts,
  target: string,
  signal: AbortSignal,
): Promise<{ readonly count: number; readonly compared: number; readonly problems: readonly string[] }> {
  await connection.ask({
    method: 'POST',
    path: `/${encodeURIComponent(target)}/_refresh`,
    signal,
    accepted: [403],
  });
  const count = await countDocuments(connection, target, signal);
  const problems: string[] = [];
  if (wanted.settled && wanted.documents !== undefined && count !== wanted.documents) {
    problems.push(`${count} documents, not ${wanted.documents}`);
  }
  const found = await readSamples(connection, target, wanted.samples, signal);
  let compared = 0;
  for (const [at, sample] of wanted.samples.entries()) {
    const there = found[at];
    // While the snapshot was taken, the document may have been written anew or deleted; its number tells.
    if (!wanted.settled && there?.seqNo !== sample.seqNo) continue;
    compared += 1;
    if (there?.digest === sample.digest) continue;
    problems.push(`document ${JSON.stringify(sample.id)} ${there === undefined ? 'is missing' : 'differs'}`);
  }
  return { count, compared, problems };
}
