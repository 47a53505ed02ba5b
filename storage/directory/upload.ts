import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, rm, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { systemCode } from './errors.ts';
import { entriesOf, inFolder, isMissing, removeEmpty, syncFolders } from './folders.ts';

/**
 * A file on its way into the storage. It is written as `.uploads/<name>~<random>` in the same file system, so that
 * it takes its place by one atomic step; no name of an object has a `~`.
 */
export interface Upload {
  write(chunk: Buffer): Promise<void>;
  /** Makes the object, durably; `exists` where `ifAbsent` found one. */
  complete(ifAbsent: boolean): Promise<'done' | 'exists'>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export const uploadsFolder = '.uploads';

export async function openUpload(root: string, name: string): Promise<Upload> {
  const path = join(root, uploadsFolder, `${name}~${randomUUID()}`);
  const target = join(root, name);
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const file = await inFolder(root, dirname(path), () => open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600));

  // Closing twice is no error, and after `rename` there is no file left to remove.
  const discard = async () => {
    await file.close();
    await rm(path, { force: true });
    await removeEmpty(root, dirname(path));
  };
  return {
    write: (chunk) => writeAll(file, chunk),
    discard,
    async complete(ifAbsent) {
      await file.sync();
      await file.close();
      const outcome = await inFolder(root, dirname(target), () => intoPlace(path, target, ifAbsent));
      await syncFolders(root, dirname(target));
      await discard();
      return outcome;
    },
  };
}

/** Removes unfinished files whose object's name starts with `prefix`. Their writers fail when they come to the end. */
export async function removeUploads(root: string, prefix: string, startedBefore?: Date): Promise<number> {
  let removed = 0;
  const visit = async (folder: string, above: string): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name);
      const name = above + entry.name.replace(/~[^~]*$/, '');
      if (entry.isFolder) await visit(path, `${name}/`);
      else if (name.startsWith(prefix) && (await isOlder(path, startedBefore)))
        removed += await removeFile(path);
    }
    await removeEmpty(root, folder);
  };
  await visit(join(root, uploadsFolder), '');
  return removed;
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done);
    done += bytesWritten;
  }
}

/** `link` refuses where the name is taken, and so decides between several writers; `rename` replaces. */
async function intoPlace(path: string, target: string, ifAbsent: boolean): Promise<'done' | 'exists'> {
  try {
    await (ifAbsent ? link(path, target) : rename(path, target));
    return 'done';
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return 'exists';
    if (code === 'ENOENT' && !(await exists(path)))
      throw new HoldfastError('StorageUnavailable', `The upload of ${target} was ended by somebody else.`);
    if (ifAbsent && ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(code ?? ''))
      throw new HoldfastError(
        'StorageMisconfigured',
        `${target} cannot be made: its file system has no hard links, by which Holdfast writes things once. Keep backups on another one, or in S3.`,
        { cause: error },
      );
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await modifiedAt(path)) !== undefined;
}

/** By the time of its last bytes: one that somebody still writes to is not old. */
async function isOlder(path: string, than: Date | undefined): Promise<boolean> {
  if (than === undefined) return true;
  const modified = await modifiedAt(path);
  return modified !== undefined && modified < than;
}

async function modifiedAt(path: string): Promise<Date | undefined> {
  try {
    return (await stat(path)).mtime;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** 1 where this call removed it. */
async function removeFile(path: string): Promise<number> {
  try {
    await unlink(path);
    return 1;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
