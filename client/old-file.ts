import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { OldFile } from '../formats/format.ts';
import { openObjects } from '../storage/s3/objects.ts';
import type { S3Settings } from '../storage/settings.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { isObjectAddress, parseObjectAddress } from './object-address.ts';

export interface OpenedOldFile extends OldFile {
  readonly modified: Date;
}

/** Opens a file or an object (`s3://…`) for the work, and closes it after it. @throws BadRequest where it is not there */
export async function withOldFile<T>(
  address: string,
  signal: AbortSignal,
  work: (file: OpenedOldFile) => Promise<T>,
): Promise<T> {
  if (!isObjectAddress(address)) return work(await openFile(address, signal));
  const { s3, key } = parseObjectAddress(address);
  return openedObject(s3, key, signal, work);
}

async function openFile(name: string, signal: AbortSignal): Promise<OpenedOldFile> {
  const path = resolve(name);
  const found = await stat(path).catch((cause: unknown) => {
    throw new HoldfastError('BadRequest', `${name} cannot be read: ${systemCode(cause)}.`, { cause });
  });
  if (!found.isFile()) throw new HoldfastError('BadRequest', `${name} is no file.`);
  return {
    address: path,
    bytes: found.size,
    modified: found.mtime,
    read: () => createReadStream(path, { signal }),
    beside: (ending) =>
      readFile(path + ending).catch((error: unknown) => {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      }),
  };
}

/** The same for an object under any key. */
export async function openedObject<T>(
  s3: S3Settings,
  key: string,
  signal: AbortSignal,
  work: (file: OpenedOldFile) => Promise<T>,
): Promise<T> {
  const objects = openObjects(s3);
  try {
    const found = await objects.head(key, signal);
    if (found === undefined) throw new HoldfastError('BadRequest', `${objects.addressOf(key)} is not there.`);
    return await work({
      address: objects.addressOf(key),
      ...found,
      read: () => objects.get(key, { signal }),
      beside: async (ending) => {
        const other = await objects.head(key + ending, signal);
        return other && buffer(objects.get(key + ending, { signal }));
      },
    });
  } finally {
    objects.close();
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
