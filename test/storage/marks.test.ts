import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeDocument } from '../../storage/document.ts';
import { listMarks, markName, removeMark, setMark } from '../../storage/marks.ts';
import { planPrune, prune } from '../../storage/prune.ts';
import type { KeepPolicy } from '../../storage/retention.ts';
import { namesOf } from './bytes.ts';
import { openTemporary, storeSample, type TemporaryStorage } from './temporary.ts';

const job = 'consul-main';
const now = new Date('2026-11-22T12:00:00Z');
const policy: KeepPolicy = { last: 1, safety: 0, timezone: 'UTC' };
const [old, newer, newest] = ['20261122T080000Z', '20261122T090000Z', '20261122T100000Z'];
let opened: TemporaryStorage;
beforeEach(async () => {
  opened = await openTemporary();
});
afterEach(() => opened.cleanup());

const pin = (id: string) => ({ job, id, mark: 'pinned' }) as const;
const trust = (id: string) => ({ job, id, mark: 'trusted' }) as const;
const by = { by: 'ana@laptop', reason: 'before the move' };

test('a mark is a sealed document beside the backups, told by its name', async () => {
  expect(await setMark(opened.storage, pin(old), by)).toBe(true);
  expect(await setMark(opened.storage, pin(old), { by: 'somebody else' })).toBe(false);
  await setMark(opened.storage, trust(old), by);
  expect([...(await listMarks(opened.storage, job))]).toEqual([[old, new Set(['pinned', 'trusted'])]]);

  const name = `${job}/marks/${old}.pinned.json`;
  expect(markName(pin(old))).toBe(name);
  const bytes = await readFile(join(opened.path, name));
  expect(decodeDocument(bytes, 'markSha256', name)).toMatchObject({ job, id: old, mark: 'pinned', ...by });

  await removeMark(opened.storage, pin(old));
  expect([...(await listMarks(opened.storage, job))]).toEqual([[old, new Set(['trusted'])]]);
});

test('retention keeps what is pinned, and removes the marks of what goes', async () => {
  for (const id of [old, newer, newest]) await storeSample(opened.storage, id);
  await setMark(opened.storage, pin(old), by);
  await setMark(opened.storage, trust(newer), by);
  const plan = await planPrune(opened.storage, job, policy, now);
  expect(plan.keep.map(({ id, reasons }) => [id, ...reasons])).toEqual([
    [newest, 'last 1 of 1', 'newest verified'],
    [old, 'pinned'],
  ]);
  expect((await prune(opened.storage, plan)).removed).toEqual([newer]);
  expect((await namesOf(opened.storage, `${job}/marks/`)).map(String)).toEqual([markName(pin(old))]);
});

test('while the newest backup is suspicious nothing goes, until somebody trusts it', async () => {
  await storeSample(opened.storage, old);
  await storeSample(opened.storage, newest, { suspicions: ['it is empty'] });
  const suspicious = await planPrune(opened.storage, job, policy, now);
  expect(suspicious.remove).toEqual([]);
  expect(suspicious.keep.at(-1)).toEqual({
    id: old,
    reasons: ['last 1 of 1', `the newest backup, ${newest}, is suspicious`],
  });
  await setMark(opened.storage, trust(newest), by);
  expect((await planPrune(opened.storage, job, policy, now)).remove).toMatchObject([{ id: old }]);
});
