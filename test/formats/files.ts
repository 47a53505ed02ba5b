import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { detectFormat } from '../../formats/detect.ts';
import {
  isSnapshotFormat,
  type OldBackup,
  type OldFile,
  type OldReadOptions,
  type RowFormat,
} from '../../formats/format.ts';
import { readOldBackup } from '../../formats/read.ts';

/** A file in memory, in chunks of so many bytes; `beside` by the ending of its name. */
export function oldFile(
  content: Buffer | string,
  {
    chunk = 7,
    beside = {},
  }: { readonly chunk?: number; readonly beside?: Readonly<Record<string, string>> } = {},
): OldFile {
  const bytes = Buffer.from(content);
  return {
    address: '/old/file',
    bytes: bytes.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is an asynchronous iterable
    async *read() {
      for (let start = 0; start < bytes.length; start += chunk) yield bytes.subarray(start, start + chunk);
    },
    beside: (ending) =>
      Promise.resolve(beside[ending] === undefined ? undefined : Buffer.from(beside[ending])),
  };
}

export const now = new Date('2026-11-22T12:00:00Z');

/** Without `format`: by what the file looks like. */
export async function readOld(
  content: OldFile | string,
  { format, ...options }: Partial<OldReadOptions> & { readonly format?: RowFormat } = {},
): Promise<OldBackup> {
  const file = typeof content === 'string' ? oldFile(content) : content;
  const found = format ?? (await detectFormat(file));
  if (isSnapshotFormat(found)) throw new Error('A snapshot has no rows.');
  return readOldBackup(file, found, { now, ...options });
}

/** Key, value and attributes, for people. */
export function plain({ records }: OldBackup) {
  return records.map(({ key, value, attributes }) => [
    key.toString(),
    value?.toString() ?? null,
    attributes['flags'] ?? null,
  ]);
}

/** As consul-backinator 1.6.6 writes it. */
export function backinatorFile(
  json: string,
  passphrase: string,
): { readonly file: Buffer; readonly signature: string } {
  const key = createHash('sha256').update(passphrase).digest();
  const cipher = createCipheriv('aes-256-ofb', key, Buffer.alloc(16));
  const file = Buffer.concat([cipher.update(gzipSync(json)), cipher.final()]);
  return { file, signature: createHmac('sha256', key).update(json).digest('base64') };
}
