import { mkdir, open, readdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './errors.ts';

/**
 * Does something that needs its folder to be there. Another process may just have removed that folder because it
 * was empty, so it is made again; ten times are enough for any such race. The root itself is never made.
 */
export async function inFolder<T>(root: string, folder: string, action: () => Promise<T>): Promise<T> {
  for (let left = 9; ; left--) {
    try {
      for (const path of [...upTo(root, folder)].reverse()) await makeFolder(path);
      return await action();
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || left === 0) throw error;
    }
  }
}

/** Writes the entries of a folder and of all above it, up to the root, through to the disk. */
export async function syncFolders(root: string, folder: string): Promise<void> {
  for (const path of upTo(root, folder)) await syncFolder(path);
  await syncFolder(root);
}

/** Writes the entries of a folder through to the disk. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path);
    await folder.sync();
  } catch (error) {
    // Removed meanwhile, or a file system (some network ones) that cannot sync folders and needs no asking.
    if (!['ENOENT', 'EINVAL', 'ENOTSUP'].includes(systemCode(error) ?? '')) throw error;
  }
}

/** Removes a folder and those above it, below the root, as far as they are empty. */
export async function removeEmpty(root: string, folder: string): Promise<void> {
  for (const path of upTo(root, folder)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') continue;
      return;
    }
  }
}

/** The entries of a folder; none where there is no such folder. */
export async function entriesOf(
  folder: string,
): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** True for the errors that mean: there is nothing of this name. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** A folder and those above it, below the root. */
function* upTo(root: string, folder: string): Generator<string> {
  for (let path = folder; path.length > root.length; path = dirname(path)) yield path;
}
