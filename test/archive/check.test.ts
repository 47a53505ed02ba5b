import fc from 'fast-check';
import { createReadTally } from '../../archive/content.ts';
import { createLineChecker, createLineDecoder } from '../../archive/lines.ts';
import { checkRecords, readRecords } from '../../archive/reader.ts';
import { encodeFields, encodeMeta } from '../../archive/record.ts';
import { refusalOf } from '../../archive/refusal.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { allRecords, anyBytes, anyRecord, anyRecords, inMemory, store } from './memory.ts';

const address = 'mem://lines';
const refuse = refusalOf(address);

/** What reading without making records has to agree with, in what it finds and in what it refuses. */
async function decoded(frames: readonly Buffer[]): Promise<unknown> {
  const tally = createReadTally(refuse);
  const decode = createLineDecoder({ tally, refuse });
  return outcome(async () => {
    for (const frame of frames) Array.from(decode(frame));
    return tally.finish();
  });
}

async function checked(frames: readonly Buffer[]): Promise<unknown> {
  const tally = createReadTally(refuse);
  const check = createLineChecker({ tally, refuse });
  return outcome(async () => {
    for (const frame of frames) {
      const memory = Buffer.allocUnsafeSlow(frame.length);
      frame.copy(memory);
      check(memory);
      // As `checkRecords` does: nothing may be read of a frame when the next one is checked.
      tally.keep();
      memory.buffer.transfer(0);
    }
    expect(await tally.finish()).toMatchObject(tally.counts());
    return tally.content();
  });
}

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  return work().catch(String);
}

function lineOf(of: KeyRecord): string {
  return encodeFields(of) + encodeMeta(of.meta);
}

/** The same record in a form that we do not write. */
function strangely(of: KeyRecord): string {
  const fields = JSON.parse(`${encodeFields(of)}}`) as object;
  return `${JSON.stringify({ meta: of.meta, ...fields }).replace('{', '{ ')}\n`;
}

const anyLine = fc.oneof(
  { weight: 6, arbitrary: anyRecord.map(lineOf) },
  { weight: 1, arbitrary: anyRecord.map(strangely) },
);

test('checking finds in records of every kind what reading finds', async () => {
  await fc.assert(
    fc.asyncProperty(anyRecords, fc.infiniteStream(fc.boolean()), async (records, strange) => {
      const lines = records.map((of) => Buffer.from(strange.next().value ? strangely(of) : lineOf(of)));
      const half = lines.length >> 1;
      const frames = [lines.slice(0, half), lines.slice(half)].map((some) => Buffer.concat(some));
      const whole = frames.filter(({ length }) => length > 0);
      const found = await checked(whole);
      expect(found).toMatchObject({ records: records.length });
      expect(found).toEqual(await decoded(whole));
    }),
  );
});

test('checking refuses in the same words what reading refuses: any order, and damaged in any place', async () => {
  const damaged = fc
    .tuple(fc.array(anyLine, { minLength: 1, maxLength: 4 }), fc.nat(), anyBytes)
    .map(([lines, at, bytes]) => {
      const whole = Buffer.from(lines.join(''));
      const place = at % whole.length;
      return Buffer.concat([whole.subarray(0, place), bytes, whole.subarray(place + bytes.length)]);
    });
  await fc.assert(
    fc.asyncProperty(damaged, async (frame) => {
      expect(await checked([frame])).toEqual(await decoded([frame]));
    }),
    { numRuns: 1000 },
  );
});

test('a key must come after the last one of the frame before, also where it has escapes', async () => {
  const frames = ['b"', 'b"c'].map((key) =>
    Buffer.from(`{"key":${JSON.stringify(key)},"text":"","meta":{}}\n`),
  );
  expect(await checked(frames)).toMatchObject({ records: 2, bytes: 5 });
  expect(await checked(frames.toReversed())).toContain('after');
  expect(await checked(frames.slice(0, 1).concat(frames.slice(0, 1)))).toContain('after');
});

test('an archive is checked without giving its records', async () => {
  await fc.assert(
    fc.asyncProperty(anyRecords, async (records) => {
      const { bytes, object, content } = await store([records]);
      const options = { identities: [], address, content };
      const seen: number[] = [];
      const found = await checkRecords(inMemory(bytes).source, object, options, (counts) => {
        seen.push(counts.records);
      });
      expect(found).toEqual(content);
      expect(seen).toEqual(records.length === 0 ? [] : [records.length]);
      const reading = readRecords(inMemory(bytes).source, object, options);
      expect((await allRecords(reading.records)).length).toBe(found.records);
    }),
    { numRuns: 20 },
  );
});

test.each([
  ['records', { records: 2 }],
  ['bytes', { bytes: 2 }],
  ['digest', { digest: '0'.repeat(64) }],
])('an archive with other %s than the manifest says is refused', async (_, wrong) => {
  const { bytes, object, content } = await store([[]]);
  const options = { identities: [], address, content: { ...content, ...wrong } };
  await expect(checkRecords(inMemory(bytes).source, object, options, () => undefined)).rejects.toMatchObject({
    code: 'ArchiveCorrupt',
    message: expect.stringContaining(address) as string,
  });
});
