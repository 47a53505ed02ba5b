import { planLines, reportLines } from '../../client/restore-text.ts';
import type { Plan, RestoreReport } from '../../workflows/contract/restore.ts';

const plan: Plan = {
  restoreId: '20261122T041500Z-ab12',
  job: 'consul',
  toJob: 'consul',
  backup: '20261122T031500Z',
  mode: 'overwrite',
  from: { prefix: '' },
  to: { prefix: '' },
  add: 1234,
  change: 1,
  remove: 0,
  equal: 5,
  keep: 2,
  refused: 1,
  examples: [
    { op: 'add', key: 'app/new', seen: '0' },
    { op: 'change', keyBase64: '/w==', seen: '7' },
    { op: 'refuse', key: 'app/locked\u001b[2J', seen: '8', reason: 'locked by a session' },
  ],
  storeIndex: '9',
  digest: '0123456789abcdef'.repeat(4),
  object: 'restores/20261122T041500Z-ab12/plan.ndjson.zst',
};

const report: RestoreReport = {
  restoreId: plan.restoreId,
  requestId: 'r',
  outcome: 'restored',
  backup: plan.backup,
  finishedAt: '2026-11-22T04:20:00Z',
};

test('a plan shows counts, the first keys of each kind, and what cannot be written', () => {
  expect(planLines(plan)).toEqual([
    'Plan 0123456789ab: restore consul from 20261122T031500Z, overwrite',
    '  all keys, in place',
    '  + 1,234 to add   ~ 1 to change   - 0 to remove',
    '  = 5 as wanted already   2 left as they are',
    '  ! 1 key that cannot be written',
    '  + app/new',
    '  + … and 1,233 more',
    '  ~ base64:/w==',
    String.raw`  ! "app/locked\u001b[2J"  (locked by a session)`,
    '  Every key: restores/20261122T041500Z-ab12/plan.ndjson.zst in the folder of job consul',
  ]);
});

test('keys that were bound to something are told, in the plan and in the report', () => {
  const bound = { to: 'lease', dropped: 0, renewed: 1234, refused: 2 } as const;
  expect(planLines({ ...plan, bound })).toContain(
    '  bound to a lease when backed up: 1,236: 1,234 with a new one, 2 refused',
  );
  const applied = { added: 5, changed: 0, removed: 0, already: 0, conflicts: 0, refused: 0, examples: [] };
  expect(
    reportLines('etcd', { ...report, applied: { ...applied, bound: { ...bound, granted: 3 } } }),
  ).toContain('  bound to a lease when backed up: 1,236: 1,234 with 3 new ones, 2 refused');
});

test('of many keys of one kind the first ten are shown', () => {
  const examples = Array.from({ length: 20 }, (_, index) => ({
    op: 'remove' as const,
    key: `k${index}`,
    seen: '1',
  }));
  const lines = planLines({ ...plan, add: 0, change: 0, refused: 0, remove: 500, examples });
  expect(lines.filter((line) => line.startsWith('  - '))).toHaveLength(11);
  expect(lines).toContain('  - … and 490 more');
});

test.each([
  [{ from: { prefix: 'a/' }, to: { prefix: 'a/' } }, '  the keys under a/, in place'],
  [{ from: { prefix: 'a/' }, to: { prefix: 'b/' } }, '  the keys under a/, written under b/'],
  [{ from: { prefix: 'a/' }, to: { prefix: '' } }, '  the keys under a/, written under the root'],
])('where the keys come from and go to', (scopes, line) => {
  expect(planLines({ ...plan, ...scopes })[1]).toBe(line);
});

test('another job is named', () => {
  expect(planLines({ ...plan, toJob: 'scratch' })[0]).toContain(
    'from 20261122T031500Z into job scratch, overwrite',
  );
});

test('a report tells what was written, that it was proven, and how to go back', () => {
  const numbers = { already: 0, conflicts: 0, refused: 0, examples: [] };
  const applied = { added: 1234, changed: 1, removed: 0, ...numbers };
  const proof = {
    compared: 1240,
    differing: 0,
    examples: [],
    storeIndex: '9',
    provenAt: '2026-11-22T04:19:00Z',
  };
  expect(reportLines('consul', { ...report, applied, proof, safetyBackup: '20261122T041501Z' })).toEqual([
    'consul is restored from 20261122T031500Z.',
    '  written: 1,234 added, 1 changed, 0 removed',
    '  proven: 1,240 keys read back and compared, all equal',
    '  what was before: backup 20261122T041501Z',
  ]);
});

test.each([
  ['nothing-to-do', 'Nothing to do: consul is as backup 20261122T031500Z has it.'],
  ['dry-run', 'Nothing was changed (--dry-run).'],
  ['expired', 'Nobody approved the plan in time; nothing was changed.'],
  ['declined', 'The plan was declined by ann@host (too early); nothing was changed.'],
] as const)('a request that came to %s', (outcome, line) => {
  const by = { decidedBy: 'ann@host', reason: 'too early' };
  expect(reportLines('consul', { ...report, outcome, ...by })).toEqual([line]);
});

test('a restore that leaves keys out says so', () => {
  expect(reportLines('consul', { ...report, plan })[0]).toBe(
    'consul is restored from 20261122T031500Z, but for what cannot be written.',
  );
});

test('a plan and a report of indices speak of indices and documents', () => {
  const ofIndices: Plan = {
    ...plan,
    add: 2,
    change: 0,
    refused: 1,
    indices: {
      indices: ['*'],
      into: { how: 'rename', pattern: '(.+)', replacement: 'restored-$1' },
      settings: {},
      keepLifecycle: false,
      swapAliases: true,
    },
    examples: [
      { op: 'add', key: 'restored-one', from: 'one', seen: '0' },
      { op: 'refuse', key: 'restored-two', from: 'two', seen: 'u', reason: 'an index has this name' },
    ],
  };
  expect(planLines(ofIndices)).toEqual([
    'Plan 0123456789ab: restore consul from 20261122T031500Z',
    '  all indices, under new names (restored-$1)',
    '  + 2 to add   ~ 0 to change   - 0 to remove',
    '  ! 1 index that cannot be written',
    '  + restored-one  from one',
    '  + … and 1 more',
    '  ! restored-two  from two  (an index has this name)',
    '  Every index: restores/20261122T041500Z-ab12/plan.ndjson.zst in the folder of job consul',
  ]);
  const proof = { differing: 0, examples: [], storeIndex: '1', provenAt: '2026-11-22T04:20:00Z' };
  const counts = { compared: 2, documents: 1_500, samples: 40, notCounted: 1, aliases: ['current'] };
  expect(reportLines('search', { ...report, plan: ofIndices, proof: { ...proof, ...counts } })).toContain(
    '  proven: 2 indices with 1,500 documents, 40 of them compared, all equal; 1 could not be counted exactly; aliases moved: current',
  );
});

test('a plan and a report of documents say what becomes of them', () => {
  const loading: Plan = {
    ...{ ...plan, add: 0, change: 1, equal: 0, keep: 0, refused: 0 },
    indices: {
      indices: ['orders'],
      into: { how: 'load', mode: 'overwrite', pattern: '(.+)', replacement: '$1' },
      ...{ settings: {}, keepLifecycle: false, swapAliases: false },
    },
    documents: { add: 1500, change: 2, equal: 40, keep: 0 },
    examples: [
      { op: 'change', key: 'orders', from: 'orders', seen: 'uuid' },
      { op: 'add', index: 'orders', key: '17', seen: '0' },
    ],
  };
  expect(planLines(loading)).toEqual([
    'Plan 0123456789ab: restore consul from 20261122T031500Z',
    '  the indices orders: documents are written, also over those that differ',
    '  + 0 to add   ~ 1 to change   - 0 to remove',
    '  documents: 1,500 to add, 2 to change, 40 as wanted already',
    '  + 17  in orders',
    '  ~ orders',
    '  Every index: restores/20261122T041500Z-ab12/plan.ndjson.zst in the folder of job consul',
  ]);
  const applied = {
    ...{
      added: 0,
      changed: 1,
      removed: 0,
      already: 3,
      conflicts: 0,
      refused: 0,
      documents: 1499,
      examples: [],
    },
    droppedSettings: ['orders: index.replication.type'],
  };
  expect(reportLines('docs', { ...report, plan: loading, applied })).toEqual([
    'docs is restored from 20261122T031500Z.',
    '  written: 0 added, 1 changed, 0 removed',
    '  documents: 1,499 written, 3 found as wanted',
    '  settings left out, which the cluster does not know: orders: index.replication.type',
  ]);
});
