import type { Plan } from '../../workflows/contract/restore.ts';
import { planFacts, planKeys } from '../../workflows/plan-details.ts';

const plan: Plan = {
  restoreId: '20261122T041500Z-ab12',
  job: 'consul',
  toJob: 'consul',
  backup: '20261122T040000Z',
  mode: 'mirror',
  from: { prefix: '' },
  to: { prefix: '' },
  add: 1200,
  change: 0,
  remove: 1,
  equal: 7,
  keep: 0,
  refused: 1,
  examples: [
    { op: 'add', key: 'a|b', seen: '0' },
    { op: 'refuse', key: '__locked__', seen: '4', reason: 'locked by a session' },
    { op: 'remove', keyBase64: '/w==', seen: '5' },
  ],
  storeIndex: '9',
  digest: '0123456789abcdef'.repeat(4),
  object: 'restores/20261122T041500Z-ab12/plan.ndjson.zst',
};

test('a plan of indices says which, and under which names', () => {
  const indices = {
    indices: ['logs-*'],
    into: { how: 'rename', pattern: '(.+)', replacement: 'restored-$1' },
    settings: {},
    keepLifecycle: false,
    swapAliases: false,
  } as const;
  const facts = planFacts({ ...plan, remove: 0, indices });
  expect(facts).toContain('| which | the indices logs-\\*, under new names (restored-$1) |');
  expect(facts).toContain('| every\u00a0index |');
  expect(facts).not.toContain('mode');
  const examples = [{ op: 'add', key: 'restored-logs-1', from: 'logs-1', seen: '0' }] as const;
  expect(planKeys({ ...plan, indices, examples })[0]).toContain('`restored-logs-1`, from `logs-1`');
});

test('a plan says in numbers what it would change, from where to where, and how', () => {
  const facts = planFacts(plan);
  for (const row of [
    '| plan | `0123456789ab` |',
    '| add | **1,200** |',
    '| remove | **1** |',
    '| from | backup `20261122T040000Z` of `consul`, all keys |',
    '| to | `consul`, in place |',
    '| mode | `mirror`: adds, changes, and removes what the backup does not have |',
  ]) {
    expect(facts).toContain(row);
  }
  expect(facts).toContain('| cannot\u00a0be\u00a0written | **1** |');
  expect(facts).not.toContain('left\u00a0alone');
});

test('a plan that goes elsewhere says where', () => {
  const elsewhere = { ...plan, toJob: 'staging', from: { prefix: 'app/' }, to: { prefix: 'copy/' }, keep: 3 };
  const facts = planFacts(elsewhere);
  expect(facts).toContain('of `consul`, keys under `app/` |');
  expect(facts).toContain('| to | `staging`, keys under `copy/` |');
  expect(facts).toContain('| left\u00a0alone | 3, since the mode is `mirror` |');
});

test('a plan says what becomes of keys that were bound to something', () => {
  const bound = { to: 'session', dropped: 1500, renewed: 0, refused: 0 } as const;
  expect(planFacts({ ...plan, bound })).toContain(
    '| bound\u00a0to\u00a0a\u00a0session | 1,500: 1,500 without it |',
  );
});

test('keys stand with what is removed first, and with how many more there are', () => {
  expect(planKeys(plan).join('').split('\n').slice(2)).toEqual([
    '| remove | `/w==` (base64) |',
    '| add | `a\\|b` |',
    '| add | … and 1,199 more |',
    '| refuse | `__locked__`: locked by a session |',
  ]);
  expect(planKeys({ ...plan, examples: [] })).toEqual([]);
});
