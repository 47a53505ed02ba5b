import fc from 'fast-check';
import { applyRestore } from '../../activities/apply-restore.ts';
import { capture } from '../../activities/capture.ts';
import { planRestore } from '../../activities/plan-restore.ts';
import { proveRestore } from '../../activities/prove-restore.ts';
import { publish } from '../../activities/publish.ts';
import type { Step } from '../../activities/step.ts';
import { verify } from '../../activities/verify.ts';
import { backupId } from '../../workflows/contract/names.ts';
import type { RestoreMode } from '../../workflows/contract/restore.ts';
import { hostileTree } from '../stores/hostile.ts';
import { fillConsul, listConsul, transactConsul } from '../stores/plain-consul.ts';
import { startWorld, type World } from './world.ts';

/**
 * Any tree, backed up, then damaged in any way, then restored in any mode, is what a plain model says. The very steps
 * that the activities are, without Temporal around them.
 */
let world: World;
let step: Step;

beforeAll(async () => {
  world = await startWorld({ tree: { prefix: '', allow_empty: true } });
  const log = { info: () => undefined, warn: () => undefined };
  const signal = new AbortController().signal;
  step = { config: world.config, signal, onProgress: () => undefined, log };
});
afterAll(() => world.stop());

/** A key's value and flags. Consul shows an empty value as none. */
interface Leaf {
  readonly value: Buffer;
  readonly flags: string;
}
type Tree = ReadonlyMap<string, Leaf>;

const part = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'app', 'é', 'e\u0301', '') },
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const key = fc
  .oneof(
    { weight: 3, arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')) },
    fc.constantFrom(...hostileTree.map(({ key: name }) => name.toString())),
  )
  .filter((name) => name !== '');
const leaf: fc.Arbitrary<Leaf> = fc.record({
  value: fc
    .oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      fc.uint8Array({ minLength: 3000, maxLength: 60_000, size: 'max' }),
    )
    .map((bytes) => Buffer.from(bytes)),
  flags: fc
    .oneof(fc.constantFrom(0n, 2n ** 53n + 1n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n))
    .map(String),
});
const tree = (maxKeys: number) =>
  fc.array(fc.tuple(key, leaf), { maxLength: maxKeys }).map((entries): Tree => new Map(entries));

/** What happens to a key after the backup. */
const fate = fc.oneof(
  fc.constantFrom('kept', 'deleted', 'rewritten as it was', 'emptied', 'given other flags'),
  leaf,
);

function damaged(before: Tree, fates: readonly (string | Leaf)[], added: Tree): Tree {
  const after = new Map<string, Leaf>(added);
  [...before].forEach(([name, was], place) => {
    const what = fates[place % fates.length] ?? 'deleted';
    if (typeof what !== 'string') after.set(name, what);
    else if (what === 'emptied') after.set(name, { ...was, value: Buffer.alloc(0) });
    else if (what === 'given other flags') after.set(name, { ...was, flags: '7' });
    else if (what === 'deleted') after.delete(name);
    else after.set(name, was);
  });
  return after;
}

function expected(backup: Tree, live: Tree, mode: RestoreMode): Tree {
  if (mode === 'mirror') return backup;
  return mode === 'overwrite' ? new Map([...live, ...backup]) : new Map([...backup, ...live]);
}

/** As `?recurse` shows a tree. */
function listed(shown: Tree): readonly object[] {
  return [...shown]
    .map(([name, { value, flags }]) => ({ name: Buffer.from(name), value, flags }))
    .sort((one, other) => Buffer.compare(one.name, other.name))
    .map(({ name, value, flags }) => ({
      key: name.toString(),
      value: value.length === 0 ? null : value.toString('base64'),
      flags,
    }));
}

async function listLive(): Promise<readonly object[]> {
  const entries = await listConsul(world.consul.address);
  return entries.map(({ key: name, value, flags }) => ({ key: name, value, flags }));
}

/** Makes the store hold this tree, touching only what differs, as its users would. */
async function become(target: Tree): Promise<void> {
  const { address } = world.consul;
  const gone = (await listConsul(address)).filter(({ key: name }) => !target.has(name));
  for (let start = 0; start < gone.length; start += 100) {
    const some = gone.slice(start, start + 100);
    await transactConsul(
      address,
      some.map(({ key: Key }) => ({ Verb: 'delete', Key })),
    );
  }
  await fillConsul(
    address,
    [...target].map(([name, { value, flags }]) => ({ key: Buffer.from(name), value, attributes: { flags } })),
  );
  expect(await listLive()).toEqual(listed(target));
}

let time = Date.now() - 3_600_000;

async function backUp(): Promise<string> {
  const id = backupId(new Date((time += 1000)));
  const captured = await capture(step, { job: 'tree', id, reason: 'manual' });
  await publish(step, { captured, verified: await verify(step, { captured }) });
  return id;
}

test('a restored tree is what the model says, in every mode', async () => {
  const modes = fc.constantFrom<RestoreMode>('mirror', 'overwrite', 'missing-only');
  const fates = fc.array(fate, { minLength: 1, maxLength: 20 });
  const property = fc.asyncProperty(tree(40), fates, tree(10), modes, async (before, what, added, mode) => {
    await become(before);
    const backup = await backUp();
    const after = damaged(before, what, added);
    await become(after);

    const plan = await planRestore(step, { job: 'tree', restoreId: backup, request: { backup, mode } });
    await applyRestore(step, { plan });
    expect(await listLive()).toEqual(listed(expected(before, after, mode)));
    const { differing } = await proveRestore(step, { plan });
    expect(differing).toBe(0);
  });
  await fc.assert(property, { numRuns: 20, endOnFailure: true });
});

test('a tree that was wiped comes back', async () => {
  const property = fc.asyncProperty(tree(200), async (before) => {
    await become(before);
    const backup = await backUp();
    await become(new Map());
    const request = { backup, mode: 'mirror' } as const;
    const plan = await planRestore(step, { job: 'tree', restoreId: backup, request });
    await applyRestore(step, { plan });
    expect(await listLive()).toEqual(listed(before));
  });
  await fc.assert(property, { numRuns: 10, endOnFailure: true });
});
