import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import type { PlanLine } from '../../workflows/contract/restore.ts';
import { pendingWrites } from '../../stores/pending.ts';
import { planLine, planWrites } from '../../stores/plan.ts';
import { seenIndex } from '../../stores/store.ts';
import type { KeyStore, Outcome, Write } from '../../stores/store.ts';
import { kept } from '../lent.ts';
import { hostilePrefixes, hostileTree } from './hostile.ts';
import type { Plain } from './hostile.ts';
import { source } from './records.ts';

/** A store under test, and ways around it. */
export interface Subject {
  readonly store: KeyStore;
  /** Attributes to write, more than one, extreme ones among them. */
  readonly attributes: readonly KeyRecord['attributes'][];
  /** Records beside the hostile tree that this store takes, and others might not. */
  readonly further?: readonly Plain[];
  /** The limits of the server, as records that it cannot take. */
  readonly refused: readonly Pick<KeyRecord, 'key' | 'value'>[];
  /** What the store holds, found without the store under test, in ascending order. */
  dump(): Promise<readonly Pick<KeyRecord, 'key' | 'value' | 'attributes'>[]>;
  /** A foreign writer: sets all of these in one atomic step. */
  putTogether(entries: readonly { readonly key: string; readonly value: string }[]): Promise<void>;
  remove(key: string): Promise<void>;
  wipe(): Promise<void>;
  close(): Promise<void>;
}

interface Told {
  readonly key: string;
  readonly outcome: Outcome;
  readonly reason: string | undefined;
}

const never = new AbortController().signal;
const everything = { prefix: '' };

/** The words of stores/store.ts, as tests. */
export function keyStoreConformance(name: string, open: () => Promise<Subject>): void {
  describe(`${name} is a key store`, () => {
    let subject: Subject;
    let store: KeyStore;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    beforeEach(() => subject.wipe());
    afterAll(() => subject.close());

    const record = (key: string, value: string | null, turn = 0): KeyRecord => ({
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      attributes: subject.attributes[turn % subject.attributes.length] ?? {},
      meta: {},
    });
    const set = (key: string, value: string, seen: string): Write => ({
      op: 'set',
      record: record(key, value),
      seen,
    });
    const remove = (key: string, seen: string): Write => ({ op: 'delete', key: Buffer.from(key), seen });
    const live = async (key: string): Promise<KeyRecord | undefined> =>
      (await readAll(store)).find((found) => found.key.toString() === key);

    test('tells who it is', async () => {
      const description = await store.describe(never);
      expect(description.kind).toBe(store.kind);
      expect(description.version).toMatch(/\d+\.\d+/);
      expect(description.address).not.toBe('');
    });

    test('an empty scope gives no batches', async () => {
      const reading = await store.read(everything, never);
      expect(await collect(reading.records)).toEqual([]);
      expect(reading.leftOut()).toEqual([]);
    });

    test('brings a hostile tree back bit for bit', async () => {
      const tree = [...hostileTree, ...(subject.further ?? [])];
      tree.sort((one, other) => Buffer.compare(one.key, other.key));
      const records = tree.map(({ key, value }, turn): KeyRecord => ({
        key,
        value,
        attributes: subject.attributes[turn % subject.attributes.length] ?? {},
        meta: {},
      }));
      const told = await send(
        store,
        records.map((wanted) => ({ op: 'set', record: wanted, seen: '0' })),
      );
      expect(told.map(({ outcome, reason }) => reason ?? outcome)).toEqual(records.map(() => 'done'));

      const dumped = await subject.dump();
      expect(dumped.map(comparable)).toEqual(records.map(comparable));
      const read = await readAll(store);
      expect(read.map(comparable)).toEqual(records.map(comparable));
      expect(read.map(seenIndex).every((index) => /^[1-9]\d*$/.test(index))).toBe(true);
    });

    test('reads exactly what starts with a prefix', async () => {
      const small = hostileTree.filter(({ value }) => (value?.length ?? 0) < 1000);
      await send(
        store,
        small.map(({ key, value }) => ({
          op: 'set',
          record: { key, value, attributes: {}, meta: {} },
          seen: '0',
        })),
      );
      for (const prefix of hostilePrefixes) {
        const wanted = small.map(({ key }) => key.toString()).filter((key) => key.startsWith(prefix));
        const found = (await readAll(store, { prefix })).map(({ key }) => key.toString());
        expect({ prefix, found }).toEqual({ prefix, found: wanted });
      }
    });

    test('a guard of 0 creates and never overwrites', async () => {
      await subject.putTogether([{ key: 'there', value: 'theirs' }]);
      const same = (await live('there')) ?? record('there', 'theirs');
      const told = await send(store, [
        set('there', 'ours', '0'),
        set('new', 'ours', '0'),
        { op: 'set', record: same, seen: '0' },
      ]);
      expect(outcomes(told)).toEqual(['new done', 'there already', 'there conflict']);
      expect((await live('there'))?.value?.toString()).toBe('theirs');
      expect((await live('new'))?.value?.toString()).toBe('ours');
    });

    test('a large value is guarded as a small one is', async () => {
      const [ours, theirs] = ['o'.repeat(20_000), 't'.repeat(20_000)];
      const index = async (): Promise<string> => {
        const found = await live('large');
        return found === undefined ? '0' : seenIndex(found);
      };
      const write = async (value: string, seen: string) =>
        outcomes(await send(store, [set('large', value, seen)]));
      expect(await write(ours, '0')).toEqual(['large done']);
      const first = await index();
      expect(await write(ours, '0')).toEqual(['large already']);
      expect(await write(theirs, '0')).toEqual(['large conflict']);
      expect(await write(theirs, first)).toEqual(['large done']);
      expect(await write(ours, first)).toEqual(['large conflict']);
      await subject.remove('large');
      expect(await write(ours, await index())).toEqual(['large done']);
      expect((await live('large'))?.value?.toString()).toBe(ours);
    });

    test('a guard holds only for the index that was seen', async () => {
      await subject.putTogether(
        ['kept', 'changed', 'deleted', 'gone', 'gone too'].map((key) => ({ key, value: 'old' })),
      );
      const seen = new Map((await readAll(store)).map((found) => [found.key.toString(), seenIndex(found)]));
      const at = (key: string) => seen.get(key) ?? '0';
      await subject.putTogether([
        { key: 'changed', value: 'theirs' },
        { key: 'deleted', value: 'theirs' },
      ]);
      await subject.remove('gone');
      await subject.remove('gone too');
      const told = await send(store, [
        set('kept', 'ours', at('kept')),
        set('changed', 'ours', at('changed')),
        remove('deleted', at('deleted')),
        set('gone', 'ours', at('gone')),
        remove('gone too', at('gone too')),
      ]);
      expect(outcomes(told)).toEqual([
        'changed conflict',
        'deleted conflict',
        'gone conflict',
        'gone too already',
        'kept done',
      ]);
      const after = new Map(
        (await readAll(store)).map((found) => [found.key.toString(), found.value?.toString()]),
      );
      expect(after).toEqual(
        new Map([
          ['changed', 'theirs'],
          ['deleted', 'theirs'],
          ['kept', 'ours'],
        ]),
      );
    });

    test('deletes what was seen', async () => {
      await subject.putTogether([
        { key: 'app', value: '1' },
        { key: 'app/x', value: '1' },
        { key: 'apple', value: '1' },
      ]);
      const seen = seenIndex((await live('app')) ?? record('app', ''));
      expect(outcomes(await send(store, [remove('app', seen)]))).toEqual(['app done']);
      expect((await readAll(store)).map(({ key }) => key.toString())).toEqual(['app/x', 'apple']);
    });

    test('the same writes sent again are all done already', async () => {
      await send(
        store,
        Array.from({ length: 300 }, (_, n) => set(`old/${n}`, 'old', '0')),
      );
      const seen = new Map((await readAll(store)).map((found) => [found.key.toString(), seenIndex(found)]));
      const writes: Write[] = [];
      for (let n = 0; n < 300; n++) {
        const key = `old/${n}`;
        const index = seen.get(key) ?? '0';
        writes.push(n % 3 === 0 ? remove(key, index) : set(key, 'new', index), set(`new/${n}`, 'new', '0'));
      }
      const first = await send(store, writes);
      expect(new Set(first.map(({ outcome }) => outcome))).toEqual(new Set(['done']));
      const index = (await store.read(everything, never)).moment.index;
      const second = await send(store, writes);
      expect(new Set(second.map(({ outcome }) => outcome))).toEqual(new Set(['already']));
      expect(second).toHaveLength(600);
      expect((await store.read(everything, never)).moment.index).toBe(index);
    });

    test('carries tens of thousands of keys, in bounded batches', async () => {
      const writes = Array.from({ length: 20_000 }, (_, n) =>
        set(`many/${String(n).padStart(5, '0')}`, `value ${n} `.repeat(20), '0'),
      );
      const told = await send(store, writes);
      expect(told.filter(({ outcome }) => outcome === 'done')).toHaveLength(20_000);
      const reading = await store.read({ prefix: 'many/' }, never);
      let count = 0;
      for await (const batch of reading.records) {
        const bytes = batch.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
        expect(bytes).toBeLessThan(1024 * 1024);
        for (const { key, value } of batch) {
          if (!value?.equals(Buffer.from(`value ${count} `.repeat(20)))) throw new Error(key.toString());
          count++;
        }
      }
      expect(count).toBe(20_000);
    });

    test('a reading is one moment, whatever is written meanwhile', async () => {
      const keys = Array.from({ length: 40 }, (_, n) => `moment/${n}`);
      let turn = 0;
      const write = () => {
        turn++;
        return subject.putTogether(keys.map((key) => ({ key, value: `turn ${turn} `.repeat(500) })));
      };
      await write();
      const enough = new AbortController();
      const writing = (async () => {
        while (!enough.signal.aborted) await write();
      })();
      const moments = new Set<string>();
      try {
        for (let n = 0; n < 30; n++) {
          const seen = new Set((await readAll(store)).map(({ value }) => value?.toString()));
          expect(seen.size).toBe(1);
          for (const value of seen) moments.add(String(value));
        }
      } finally {
        enough.abort();
        await writing;
      }
      expect(moments.size).toBeGreaterThan(1);
    });

    test('knows whether anything changed since a moment', async () => {
      for (const prefix of ['', 'app/']) {
        await subject.wipe();
        await subject.putTogether(['app/1', 'app/2', 'other'].map((key) => ({ key, value: 'v' })));
        const { moment, records } = await store.read({ prefix }, never);
        const count = (await collect(records)).length;
        const unchanged = () => store.unchangedSince(moment, count, { prefix }, never);
        expect(await unchanged()).toBe(true);
        expect(await store.unchangedSince(moment, count + 1, { prefix }, never)).toBe(false);
        await subject.putTogether([{ key: 'app/new', value: 'v' }]);
        expect(await unchanged()).toBe(false);
        // As many keys as before, but not the same.
        await subject.remove('app/1');
        expect(await unchanged()).toBe(false);
      }
    });

    test('says which records the server cannot take, and refuses to send them', async () => {
      expect(store.refusal(record('fine', 'value'))).toBeUndefined();
      expect(store.refusal(record('fine', null))).toBeUndefined();
      const records = subject.refused.map((refused): KeyRecord => ({ ...refused, attributes: {}, meta: {} }));
      for (const refused of records) expect(store.refusal(refused)).toEqual(expect.any(String));
      const told = await send(store, [
        ...records.map((refused): Write => ({ op: 'set', record: refused, seen: '0' })),
        set('fine', 'value', '0'),
      ]);
      expect(told.filter(({ outcome }) => outcome === 'refused').map(({ reason }) => reason)).toEqual(
        records.map((refused) => store.refusal(refused)),
      );
      expect(await readAll(store)).toHaveLength(1);
    });

    test('a plan is carried out in several attempts, each going on where the one before was stopped', async () => {
      const backup = hostileTree
        .filter(({ value }) => (value?.length ?? 0) < 1000)
        .map(({ key, value }, turn): KeyRecord => ({
          key,
          value,
          attributes: subject.attributes[turn % subject.attributes.length] ?? {},
          meta: {},
        }));
      await send(
        store,
        backup
          .filter((_, turn) => turn % 2 === 0)
          .map((wanted, turn) => ({
            op: 'set',
            record: turn % 2 === 0 ? wanted : { ...wanted, value: Buffer.from('changed') },
            seen: '0',
          })),
      );
      await send(store, [set('extra', 'extra', '0'), set('zz/extra', 'extra', '0')]);

      const mapKey = { from: '', to: '' };
      const planning = planWrites({
        backup: source(backup).records,
        live: (await store.read(everything, never)).records,
        mode: 'mirror',
        mapKey,
        refusal: (wanted) => store.refusal(wanted),
      });
      const lines: PlanLine[] = [];
      for await (const items of planning.items) lines.push(...items.map(planLine));
      const { add, change, remove, equal } = planning.counts();
      expect([add > 10, change > 5, remove, add + change + equal]).toEqual([true, true, 2, backup.length]);

      /** Sends so many writes, and is gone. */
      const attempt = async (most: number, looking = true) => {
        const told: Outcome[] = [];
        const onOutcome = (_: Write, outcome: Outcome) => told.push(outcome);
        const reading = looking ? await store.read(everything, never) : undefined;
        const pending = pendingWrites({
          plan: linesOf(lines),
          backup: source(backup).records,
          live: reading?.records,
          mapKey,
          onOutcome,
        });
        await store.write(first(pending, most), { signal: never, onOutcome });
        return {
          done: told.filter((outcome) => outcome === 'done').length,
          already: told.filter((outcome) => outcome === 'already').length,
          told: told.length,
        };
      };
      expect(await attempt(7, false)).toMatchObject({ done: 7, already: 0 });
      expect(await attempt(5)).toMatchObject({ done: 5 });
      const last = await attempt(Infinity);
      expect(last).toEqual({ done: lines.length - 12, already: 12, told: lines.length });
      expect((await readAll(store)).map(comparable)).toEqual(backup.map(comparable));
      expect(await attempt(Infinity)).toEqual({ done: 0, already: lines.length, told: lines.length });
      // Without a look at the store before, the guards alone find it out.
      expect(await attempt(Infinity, false)).toEqual({ done: 0, already: lines.length, told: lines.length });
    });

    test('a reading that is aborted throws the reason', async () => {
      await fillForAbort(store, set);
      const stop = new AbortController();
      const { records } = await store.read(everything, stop.signal);
      const reason = new Error('enough');
      let batches = 0;
      const drain = async () => {
        for await (const batch of records) {
          expect(batch.length).toBeGreaterThan(0);
          batches++;
          stop.abort(reason);
        }
      };
      await expect(drain()).rejects.toBe(reason);
      expect(batches).toBe(1);
      await expect(store.read(everything, stop.signal)).rejects.toBe(reason);
      await expect(store.describe(stop.signal)).rejects.toBe(reason);
    });

    test('a reading that is left early leaves the store usable', async () => {
      await fillForAbort(store, set);
      for (let n = 0; n < 20; n++) {
        const { records } = await store.read(everything, never);
        const iterator = records[Symbol.asyncIterator]();
        if (n % 2 === 0) await iterator.next();
        await iterator.return?.();
      }
      expect((await readAll(store)).length).toBe(1000);
    });

    test('a writing that is aborted throws the reason, and tells nothing afterwards', async () => {
      const stop = new AbortController();
      const reason = new Error('enough');
      let told = 0;
      let sources = 0;
      async function* endless(): AsyncGenerator<readonly Write[]> {
        try {
          for (let n = 0; ; n++) yield await Promise.resolve([set(`endless/${n}`, 'x'.repeat(1000), '0')]);
        } finally {
          sources++;
        }
      }
      const writing = store.write(endless(), {
        signal: stop.signal,
        onOutcome: () => {
          told++;
          if (told === 2000) stop.abort(reason);
        },
      });
      await expect(writing).rejects.toBe(reason);
      const atEnd = told;
      expect(sources).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(told).toBe(atEnd);
      expect((await readAll(store)).length).toBeGreaterThanOrEqual(2000);
    });

    test('a source of writes that fails ends the writing with its error', async () => {
      const failure = new HoldfastError('ArchiveCorrupt', 'a flipped byte');
      async function* failing(): AsyncGenerator<readonly Write[]> {
        yield [set('one', 'value', '0')];
        await Promise.reject(failure);
      }
      await expect(store.write(failing(), { signal: never, onOutcome: () => undefined })).rejects.toBe(
        failure,
      );
    });
  });
}

async function* linesOf(lines: readonly PlanLine[]): AsyncGenerator<readonly PlanLine[]> {
  yield await Promise.resolve(lines.slice(0, 10));
  yield lines.slice(10);
}

async function* first(
  batches: AsyncIterable<readonly Write[]>,
  most: number,
): AsyncGenerator<readonly Write[]> {
  let left = most;
  for await (const batch of batches) {
    yield batch.slice(0, left);
    left -= batch.length;
    if (left <= 0) return;
  }
}

async function fillForAbort(store: KeyStore, set: (key: string, value: string, seen: string) => Write) {
  await send(
    store,
    Array.from({ length: 1000 }, (_, n) => set(`abort/${n}`, 'x'.repeat(4000), '0')),
  );
}

export async function collect(records: AsyncIterable<readonly KeyRecord[]>): Promise<readonly KeyRecord[]> {
  const all: KeyRecord[] = [];
  for await (const batch of records) all.push(...kept(batch));
  return all;
}

export async function readAll(store: KeyStore, scope = everything): Promise<readonly KeyRecord[]> {
  return collect((await store.read(scope, never)).records);
}

export async function send(store: KeyStore, writes: readonly Write[]): Promise<readonly Told[]> {
  async function* batches(): AsyncGenerator<readonly Write[]> {
    for (let start = 0; start < writes.length; start += 100) {
      yield await Promise.resolve(writes.slice(start, start + 100));
    }
  }
  const told: Told[] = [];
  await store.write(batches(), {
    signal: never,
    onOutcome: (write, outcome, reason) => {
      const key = write.op === 'set' ? write.record.key : write.key;
      told.push({ key: key.toString(), outcome, reason });
    },
  });
  expect(told).toHaveLength(writes.length);
  return told;
}

function outcomes(told: readonly Told[]): readonly string[] {
  return told.map(({ key, outcome }) => `${key} ${outcome}`).sort();
}

/** Bytes as hex, so that a difference shows; `null` and empty are one (stores/mapping.ts). */
function comparable({ key, value, attributes }: Pick<KeyRecord, 'key' | 'value' | 'attributes'>) {
  const bytes = value ?? Buffer.alloc(0);
  return {
    key: key.toString('hex'),
    value:
      bytes.length > 1000
        ? `${bytes.length} bytes, ${bytes.subarray(0, 50).toString('hex')}…`
        : bytes.toString('hex'),
    same: bytes.length > 1000 ? bytes.toString('base64') : '',
    attributes,
  };
}
