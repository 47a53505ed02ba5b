import { createHash } from 'node:crypto';
import { HoldfastError } from '../workflows/contract/errors.ts';

/**
 * Small JSON documents that tell by themselves whether they are whole (manifests, reports of restores).
 *
 * UTF-8, indented by two spaces, a final newline. The last property is the SHA-256 (hex) over all bytes of the
 * file, taken with 64 zeros in the place of those 64 digits. So a person can read the file, `jq` can, and any
 * flipped, missing or added byte is found. archive/FORMAT.md specifies it.
 */

const zeros = '0'.repeat(64);

/** The bytes of a document; `digestName` is the property that holds the digest. */
export function encodeDocument(document: object, digestName: string): Buffer {
  const unsealed = `${JSON.stringify({ ...document, [digestName]: zeros }, null, 2)}\n`;
  const digest = createHash('sha256').update(unsealed).digest('hex');
  return Buffer.from(unsealed.slice(0, -ending(zeros).length) + ending(digest));
}

/**
 * The document, its digest among its properties.
 *
 * @throws ArchiveCorrupt naming `address`, where the bytes are not exactly what `encodeDocument` gave
 */
export function decodeDocument(
  bytes: Buffer,
  digestName: string,
  address: string,
): Readonly<Record<string, unknown>> {
  const digestStart = bytes.length - ending(zeros).length;
  const digest = bytes.toString('latin1', Math.max(0, digestStart)).slice(0, 64);
  const seal = `\n  "${digestName}": "${digest}${ending('')}`;
  if (!/^[0-9a-f]{64}$/.test(digest) || !bytes.toString('latin1').endsWith(seal))
    throw corrupt(address, `it does not end with its ${digestName}, as every whole one does`);

  const actual = createHash('sha256')
    .update(bytes.subarray(0, digestStart))
    .update(ending(zeros))
    .digest('hex');
  if (actual !== digest)
    throw corrupt(address, `its ${digestName} says ${digest}, but its bytes give ${actual}`);

  return parse(bytes, address);
}

function ending(digest: string): string {
  return `${digest}"\n}\n`;
}

function parse(bytes: Buffer, address: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw corrupt(address, 'it is not JSON', cause);
  }
  if (!isObject(value)) throw corrupt(address, 'it is not a JSON object');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function corrupt(address: string, found: string, cause?: unknown): HoldfastError {
  return new HoldfastError('ArchiveCorrupt', `${address} is damaged: ${found}.`, { cause });
}
