import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { encodeDocument } from '../../storage/document.ts';
import { decodeManifest, encodeManifest } from '../../storage/manifest.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { sampleManifest } from './sample.ts';

const address = 's3://bucket/prefix/consul-main/20261122T041500Z/manifest.json';
const golden = readFileSync(new URL('golden/manifest-1.json', import.meta.url));
const goldenManifest = sampleManifest('20261122T041500Z', {
  unchangedSince: '20261122T031500Z',
  recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
});

function failure(bytes: Buffer): HoldfastError {
  try {
    decodeManifest(bytes, address);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('The bytes were taken for a manifest.');
}

function sealed(changes: object): Buffer {
  return encodeDocument({ ...goldenManifest, ...changes }, 'manifestSha256');
}

describe('the golden manifest of format version 1', () => {
  test('is read by this release', () => {
    expect(decodeManifest(golden, address)).toEqual(goldenManifest);
  });

  test('is written by this release, byte for byte', () => {
    expect(encodeManifest(goldenManifest).toString()).toBe(golden.toString());
  });

  test('carries the digest that a person can check with sed and sha256sum', () => {
    const text = golden.toString();
    const digest = /"manifestSha256": "([0-9a-f]{64})"\n}\n$/.exec(text)?.[1] ?? '';
    const zeroed = text.replace(digest, '0'.repeat(64));
    expect(createHash('sha256').update(zeroed).digest('hex')).toBe(digest);
  });
});

describe('damage', () => {
  test('bytes before or after are found', () => {
    for (const added of ['\n', ' ', '\0', '{}'].map((text) => Buffer.from(text))) {
      expect(failure(Buffer.concat([golden, added])).code).toBe('ArchiveCorrupt');
      expect(failure(Buffer.concat([added, golden])).code).toBe('ArchiveCorrupt');
    }
  });

  test('whatever else is there is no manifest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(failure(Buffer.from(bytes)).code).toBe('ArchiveCorrupt');
      }),
    );
  });
});

describe('shape', () => {
  test('what goes in comes out', () => {
    fc.assert(
      fc.property(
        fc.record({
          scope: fc.record({ prefix: fc.string({ unit: 'binary' }) }),
          leftOut: fc.array(
            fc.record({
              reason: fc.string(),
              count: fc.nat(),
              examples: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
            }),
            { maxLength: 3 },
          ),
        }),
        (changes) => {
          const manifest = sampleManifest('20261122T041500Z', changes);
          expect(decodeManifest(encodeManifest(manifest), address)).toEqual(manifest);
        },
      ),
    );
  });

  test('properties that a later release may add are passed over and kept out', () => {
    const later = sealed({
      drilledAt: '2026-11-22T05:00:00Z',
      content: { ...goldenManifest.content, keys: 1 },
    });
    expect(decodeManifest(later, address)).toEqual(goldenManifest);
  });

  test.each([
    ['content.records', { content: { ...goldenManifest.content, records: -1 } }],
    ['moment.index', { moment: { index: 1, consistency: 'point-in-time' } }],
    ['objects.0.name', { objects: [{ ...goldenManifest.objects[0], name: '20261122T031500Z/../../x' }] }],
    ['objects.0.name', { unchangedSince: '20261122T021500Z' }],
    ['objects.0.storedSha256', { objects: [{ ...goldenManifest.objects[0], storedSha256: 'abc' }] }],
    ['capturedAt', { capturedAt: 'yesterday' }],
    ['leftOut', { leftOut: undefined }],
    ['format', { format: 'something-else', formatVersion: 9 }],
  ])('names %s where it is wrong', (path, changes) => {
    const error = failure(sealed(changes));
    expect(error.code).toBe('ArchiveCorrupt');
    expect(error.message).toContain(`: ${path}: `);
    expect(error.message).toContain(address);
  });

  test('a newer format version is not called damaged, and its writer is named', () => {
    const error = failure(sealed({ formatVersion: 2, madeBy: { version: '3.1.0' }, content: 'changed' }));
    expect(error.code).toBe('UnsupportedVersion');
    expect(error.message).toBe(
      `${address} was written by Holdfast 3.1.0 in format version 2; this release reads up to 1.`,
    );
  });

  test('what could not be read again is not written', () => {
    expect(() => encodeManifest(sampleManifest('20261122T041500Z', { capturedAt: 'now' }))).toThrow();
  });
});
