import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isName } from '../name.ts';
import type { ObjectInfo } from '../storage.ts';
import { entriesOf, isMissing } from './folders.ts';
import { uploadsFolder } from './upload.ts';

/** Every object whose name starts with `prefix`, in ascending order of the whole name, folder by folder. */
export async function* walk(root: string, prefix: string): AsyncGenerator<ObjectInfo, void> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* walkFolder(root, folder, prefix);
}

async function* walkFolder(root: string, folder: string, prefix: string): AsyncGenerator<ObjectInfo, void> {
  const entries = await objectsAndFolders(root, folder);
  // With its slash, a folder stands where the names within it stand: after `a-b` and before `a0`.
  const names = entries.map(({ name, isFolder }) => folder + name + (isFolder ? '/' : '')).sort();
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    if (name.endsWith('/')) yield* walkFolder(root, name, prefix);
    else {
      const info = await infoOf(root, name);
      if (info !== undefined) yield info;
    }
  }
}

/** The folders in a folder that hold at least one object, in ascending order. */
export async function* foldersIn(root: string, folder: string): AsyncGenerator<string, void> {
  const entries = await objectsAndFolders(root, folder);
  const names = entries.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  for (const name of names.sort()) {
    const first = await walk(root, `${folder}${name}/`).next();
    if (first.done !== true) yield name;
  }
}

/** Size and time of an object, or `undefined` where there is none. A symbolic link is not followed. */
export async function infoOf(root: string, name: string): Promise<ObjectInfo | undefined> {
  try {
    const found = await lstat(join(root, name));
    return found.isFile() ? { name, bytes: found.size, modified: found.mtime } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What else lies in the directory (`lost+found`, uploads) is none of the storage's. */
async function objectsAndFolders(
  root: string,
  folder: string,
): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> {
  const entries = await entriesOf(join(root, folder));
  return entries.filter(({ name }) => isName(name) && !(folder === '' && name === uploadsFolder));
}
