import type { WholeItem } from '../stores/consul/compare.ts';
import { speaksAgainst } from '../stores/consul/inventory.ts';
import { openWholeConsul } from '../stores/consul/whole.ts';
import { keyLine } from '../stores/plan-line.ts';
import type { Applied, Plan, Proof } from '../workflows/contract/restore.ts';
import type { Step } from './step.ts';
import { readPlan } from './stored-plan.ts';
import {
  compareNow,
  consulOf,
  openPlain,
  openRestored,
  type WholeSources,
  withPlannedWhole,
} from './whole-sources.ts';

/**
 * Replaces all of Consul with the snapshot, if the stored plan is still the one that was approved. An attempt after a
 * crash looks first whether the one before has done it, since what was written after that would be lost.
 *
 * @throws what stores and storages throw
 */
export async function applyWhole(step: Step, plan: Plan): Promise<Applied> {
  return withPlannedWhole(step, plan, async (sources) => {
    const { job, storage, identities, object } = sources;
    await requireStored({ job, storage, identities }, plan, step);
    const done = { changed: plan.change, removed: plan.remove, conflicts: 0, refused: 0, examples: [] };
    const again = (step.run?.attempt ?? 1) > 1;
    if (again && (await isThere(step, sources))) {
      return { ...done, added: 0, changed: 0, removed: 0, already: plan.add + plan.change + plan.remove };
    }
    step.onProgress({ phase: 'writing', records: 0, bytes: 0, bytesTotal: object.plainBytes });
    const consul = again ? await openRestored(step, sources) : openWholeConsul(consulOf(sources.target));
    try {
      const open = () => openPlain(step, sources, 'writing');
      await consul.replace({ bytes: object.plainBytes, open }, step.signal);
    } finally {
      consul.close();
    }
    return { ...done, added: plan.add, already: 0 };
  });
}

/** The stored plan is the one whose digest was approved. */
async function requireStored(
  place: Pick<WholeSources, 'job' | 'storage' | 'identities'>,
  plan: Plan,
  { signal }: Step,
): Promise<void> {
  const lines = readPlan(place, plan, signal);
  while ((await lines.next()).done !== true);
}

async function isThere(step: Step, sources: WholeSources): Promise<boolean> {
  const { differing } = await differences(step, sources, 'writing');
  return differing === 0;
}

/** Compares once more, from a new snapshot of the living Consul: after a good restore all that stays by itself is equal. */
export async function proveWhole(step: Step, plan: Plan): Promise<Proof> {
  return withPlannedWhole(step, plan, async (sources) => {
    const { differing, examples, found } = await differences(step, sources, 'proving');
    return {
      ...{ compared: found.equal + differing, differing, examples },
      ...{ storeIndex: found.liveIndex, provenAt: new Date().toISOString(), whole: found.counts },
    };
  });
}

async function differences(step: Step, sources: WholeSources, phase: 'writing' | 'proving') {
  const comparison = await compareNow(step, sources, phase);
  const examples: string[] = [];
  let differing = 0;
  for await (const items of comparison.items) {
    for (const item of items) {
      if (item.key === undefined && !speaksAgainst(item, sources.manifest.moment.index)) continue;
      differing++;
      if (examples.length < 20) examples.push(exampleOf(item));
    }
  }
  return { differing, examples, found: comparison.result() };
}

const verbs = { add: 'is missing', change: 'differs', remove: 'is there and not in the backup' } as const;

function exampleOf(item: WholeItem): string {
  const name =
    item.key === undefined
      ? `${item.thing.kind}: ${item.thing.id}`
      : (keyLine(item.key).key ?? item.key.toString('base64'));
  return `${name} (${verbs[item.op]})`;
}
