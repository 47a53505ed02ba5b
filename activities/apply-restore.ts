import { countBindings } from '../stores/bindings.ts';
import { pendingWrites } from '../stores/pending.ts';
import type { KeyStore, Outcome, Write, WriteOptions } from '../stores/store.ts';
import type { Applied, ApplyInput, Plan } from '../workflows/contract/restore.ts';
import { StoppedHalfway } from './interruption.ts';
import { readBackupSide, readBothSides, withPlanned } from './restore-sources.ts';
import { applyDocuments } from './apply-documents.ts';
import { applyIndices } from './restore-indices.ts';
import { applyWhole } from './restore-whole.ts';
import type { Step } from './step.ts';
import { readPlan } from './stored-plan.ts';

/**
 * Carries out what is left of a plan: an attempt after a crash reads what the one before has written. Every write is
 * guarded by what the plan saw; a key that somebody changed since is left alone and counted as a conflict.
 *
 * @throws StoppedHalfway with an `Applied` where the step was told to stop, and what stores and storages throw
 */
export async function applyRestore(step: Step, { plan }: ApplyInput): Promise<Applied> {
  if (plan.documents !== undefined) return applyDocuments(step, plan);
  if (plan.indices !== undefined) return applyIndices(step, plan);
  if (plan.whole !== undefined) return applyWhole(step, plan);
  const tally = createTally(plan);
  try {
    await withPlanned(step, plan, async (sources) => {
      const onOutcome = tally.counting(sources.store);
      // A first attempt writes what the plan says, and the guards find out where it is no longer true.
      const again = (step.run?.attempt ?? 1) > 1;
      const { live, ...sides } = again
        ? await readBothSides(step, sources, plan, 'writing')
        : { ...(await readBackupSide(step, sources, plan, 'writing')), live: undefined };
      const writes = pendingWrites({
        ...sides,
        live: live?.records,
        plan: readPlan(sources, plan, step.signal),
        onOutcome,
      });
      await sources.store.write(writes, { signal: step.signal, onOutcome, onGranted: tally.granted });
    });
  } catch (error) {
    if (!step.signal.aborted) throw error;
    throw new StoppedHalfway(`The restore ${plan.restoreId} was told to stop.`, tally.applied(), {
      cause: error,
    });
  }
  return tally.applied();
}

const mostExamples = 20;

interface Tally {
  readonly counting: (store: Pick<KeyStore, 'binding'>) => WriteOptions['onOutcome'];
  readonly granted: () => void;
  readonly applied: () => Applied;
}

/** Begins with what the plan itself refused: it stays undone, and so is counted. */
function createTally(plan: Plan): Tally {
  const counts = { added: 0, changed: 0, removed: 0, already: 0, conflicts: 0, refused: plan.refused };
  const bindings = countBindings(plan.bound && { ...plan.bound, dropped: 0, renewed: 0 });
  const examples: { key: string; reason: string }[] = [];
  for (const { op, key, keyBase64, reason } of plan.examples) {
    if (op === 'refuse')
      examples.push({ key: key ?? `base64:${keyBase64 ?? ''}`, reason: reason ?? 'refused' });
  }
  return {
    granted: bindings.granted,
    counting: (store) => (write, outcome, reason) => {
      counts[counterOf(write, outcome)] += 1;
      if (write.op === 'set' && outcome !== 'conflict')
        bindings[outcome === 'refused' ? 'refused' : 'written'](store.binding(write.record));
      if (outcome !== 'conflict' && outcome !== 'refused') return;
      if (examples.length < mostExamples)
        examples.push({ key: keyOf(write).toString(), reason: reason ?? outcome });
    },
    applied() {
      const bound = bindings.bound();
      return { ...counts, ...(bound === undefined ? {} : { bound }), examples: [...examples] };
    },
  };
}

type Counter = 'added' | 'changed' | 'removed' | 'already' | 'conflicts' | 'refused';

function counterOf(write: Write, outcome: Outcome): Counter {
  switch (outcome) {
    case 'already':
      return 'already';
    case 'conflict':
      return 'conflicts';
    case 'refused':
      return 'refused';
    case 'done':
      if (write.op === 'delete') return 'removed';
      return write.seen === '0' ? 'added' : 'changed';
  }
}

function keyOf(write: Write): Buffer {
  return write.op === 'set' ? write.record.key : write.key;
}
