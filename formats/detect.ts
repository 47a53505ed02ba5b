import { gunzipSync, constants } from 'node:zlib';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { isSignature } from './backinator.ts';
import { parseExactly } from './exact-json.ts';
import type { OldFile, OldFormat } from './format.ts';
import { listElements } from './json-list.ts';

/**
 * Which format a file has, by its first bytes and the shape of its first row.
 *
 * @throws BadRequest where that is not certain, or where it is something that is restored another way
 */
export async function detectFormat(file: OldFile): Promise<OldFormat> {
  const head = await firstBytes(file, 4096);
  if (head.subarray(16, 20).equals(boltMagic)) return databaseOf(file);
  const other = otherTool(head);
  if (other !== undefined) throw unclear(file, other);
  if (head.subarray(0, 2).equals(gzip)) return detectInGzip(file, head);
  if (/^(?:\xef\xbb\xbf)?\s*\[/.test(head.toString('latin1'))) return detectInList(file);
  const signature = await file.beside('.sig');
  if (signature !== undefined && isSignature(signature.toString('latin1').trim())) return 'consul-backinator';
  if (/^\s*\{/.test(head.toString('latin1')))
    throw unclear(file, 'it is a JSON object; every format that is read so is a list');
  throw unclear(
    file,
    `none of the formats begins so; a file of consul-backinator needs its signature beside it, in ${file.address}.sig`,
  );
}

const gzip = Buffer.from([0x1f, 0x8b]);
const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const boltMagic = Buffer.from([0xed, 0xda, 0x0c, 0xed]);

/** What is known, and is not for `import`: what to do with it. */
function otherTool(head: Buffer): string | undefined {
  if (
    head.subarray(0, 4).equals(zstd) ||
    head.subarray(0, 23).equals(Buffer.from('age-encryption.org/v1\n-', 'latin1'))
  )
    return 'it is compressed by zstd or encrypted by age, as the data of Holdfast is: copy the whole folder of the backup, with its manifest.json, into the storage of the job';
  return undefined;
}

/** `etcdctl snapshot save` puts the SHA-256 of the database behind it. */
function databaseOf(file: OldFile): OldFormat {
  if (file.bytes % 512 === 32) return 'etcd-snapshot';
  throw unclear(
    file,
    'it is a database of etcd 3 without a hash, so nothing proves that it is whole. Start an etcd from it ' +
      '(`etcdutl snapshot restore --skip-hash-check`), see that it is right, and take `etcdctl snapshot save` of that',
  );
}

function detectInGzip(file: OldFile, head: Buffer): OldFormat {
  const inner = unzipped(head);
  if (inner.toString('latin1', 257, 262) === 'ustar') {
    if (inner.toString('latin1', 0, 10) === 'meta.json\0') return 'consul-snapshot';
    throw unclear(file, 'it is a tar file, and none of Consul, whose snapshots begin with meta.json');
  }
  if (/^\{"(?:key|dir|value|createdIndex|modifiedIndex|nodes)"/.test(inner.toString('latin1')))
    return 'etcd-aws';
  throw unclear(file, 'it is compressed by gzip: decompress it, and import what comes out');
}

/** As much as the first bytes give; where they are damaged, what comes before that still tells what the file is. */
function unzipped(head: Buffer): Buffer {
  for (let length = head.length; length > 32; length >>= 1) {
    try {
      return gunzipSync(head.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
    } catch {
      continue;
    }
  }
  return Buffer.alloc(0);
}

async function detectInList(file: OldFile): Promise<OldFormat> {
  const row = await firstRow(file);
  if (row === undefined) throw unclear(file, 'it is an empty list, which may be of any format');
  if (Array.isArray(row) && row.length === 3) return 'consulate';
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw unclear(file, 'its first row is of none of the formats');
  if ('Key' in row && 'Value' in row) return 'consul-recurse';
  if ('key' in row && 'flags' in row && 'value' in row) return 'consul-kv-export';
  if ('key' in row && typeof row.key === 'string' && row.key.startsWith('/')) return 'etcd-backup';
  if ('ID' in row && 'Rules' in row)
    throw unclear(file, 'it holds ACLs of Consul as they were before 1.11, which Consul no longer has');
  throw unclear(file, 'its first row is of none of the formats');
}

async function firstRow(file: OldFile): Promise<unknown> {
  const refuse = (found: string) => new HoldfastError('FileRefused', `${file.address} ${found}.`);
  for await (const [element] of listElements(file.read(), refuse)) {
    if (element === undefined) continue;
    try {
      return parseExactly(element);
    } catch (cause) {
      throw new HoldfastError('FileRefused', `${file.address} is not JSON in its first row.`, { cause });
    }
  }
  return undefined;
}

async function firstBytes(file: OldFile, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of file.read()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= count) break;
  }
  return Buffer.concat(chunks).subarray(0, count);
}

function unclear(file: OldFile, found: string): HoldfastError {
  return new HoldfastError(
    'BadRequest',
    `What ${file.address} is, is not clear: ${found}. --format names a format.`,
  );
}
