import { readFileSync } from 'node:fs';
import { decodeManifest } from '../../storage/manifest.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

const address = 's3://bucket/prefix/consul-main/20261122T041500Z/manifest.json';
const golden = readFileSync(new URL('golden/manifest-1.json', import.meta.url));

/** Whether these bytes are refused as damaged, by their address. */
function isRefused(bytes: Buffer): boolean {
  try {
    decodeManifest(bytes, address);
    return false;
  } catch (error) {
    return (
      error instanceof HoldfastError && error.code === 'ArchiveCorrupt' && error.message.includes(address)
    );
  }
}

test('every flipped bit of a manifest is found and the address is named', () => {
  const taken: string[] = [];
  for (let position = 0; position < golden.length; position++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = Buffer.from(golden);
      bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
      if (!isRefused(bytes)) taken.push(`bit ${bit} of byte ${position}`);
    }
  }
  expect(taken).toEqual([]);
});

test('every truncation of a manifest is found', () => {
  const taken: number[] = [];
  for (let length = 0; length < golden.length; length++)
    if (!isRefused(golden.subarray(0, length))) taken.push(length);
  expect(taken).toEqual([]);
});
