import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { createDigest } from '../../archive/digest.ts';

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** More than a digest keeps waiting, and more than one of them at a time. */
const whole = Buffer.alloc(3_000_000, 'neither a power of two nor short');

async function digestOf(bytes: Buffer, cuts: readonly number[]): Promise<string> {
  const digest = createDigest();
  let start = 0;
  for (const cut of cuts.toSorted((a, b) => a - b)) {
    const piece = Buffer.from(bytes.subarray(start, cut));
    await digest.update(piece);
    // Whoever gave the bytes may use their memory again.
    piece.fill(0);
    start = Math.max(start, cut);
  }
  await digest.update(bytes.subarray(start));
  return digest.hex();
}

test.each([0, 1, 262_143, 262_144, 262_145, 1_048_576, 1_048_577, 3_000_000])(
  'of %i bytes in one piece',
  async (length) => {
    const bytes = whole.subarray(0, length);
    expect(await digestOf(bytes, [])).toBe(sha256(bytes));
  },
);

test('of many streams at once, each in pieces of any size', async () => {
  const any = fc.tuple(fc.nat(whole.length), fc.array(fc.nat(whole.length), { maxLength: 5 }));
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 4 }), async (streams) => {
      const found = streams.map(([length, cuts]) => {
        return digestOf(
          whole.subarray(0, length),
          cuts.map((cut) => Math.min(cut, length)),
        );
      });
      expect(await Promise.all(found)).toEqual(streams.map(([length]) => sha256(whole.subarray(0, length))));
    }),
    { numRuns: 20 },
  );
});

test('one after the other they use the same memory', async () => {
  const hashWhole = async () => {
    const digest = createDigest();
    await digest.update(whole);
    await digest.hex();
  };
  await hashWhole();
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 20; round++) await hashWhole();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3_000_000);
});
