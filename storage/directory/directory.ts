import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { bodyOf, chunksUntil } from '../body.ts';
import { checkName } from '../name.ts';
import type { DirectorySettings } from '../settings.ts';
import type { GetOptions, ObjectInfo, PutOptions, Storage } from '../storage.ts';
import { directoryError, rootError } from './errors.ts';
import { isMissing, removeEmpty, syncFolder } from './folders.ts';

import { openUpload, removeUploads, uploadsFolder } from './upload.ts';
import type { Upload } from './upload.ts';
import { foldersIn, infoOf, walk } from './walk.ts';

const chunkBytes = 1024 * 1024;

/**
 * Backups in a directory of this machine (or one mounted here). The directory must be there; what is made in it is
 * for this user alone (folders 0700, files 0600), takes its name by one atomic step, and is on the disk before the
 * call returns.
 */
export function openDirectory(settings: DirectorySettings): Storage {
  const root = resolve(settings.path);
  const address = `file://${root}`;

  /** Carries out a step on the file system, with its errors turned into those of the catalogue. */
  async function step<T>(
    action: 'read' | 'write' | 'delete',
    name: string,
    run: () => Promise<T>,
  ): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw await directoryError(error, { root, address: `${address}/${name}`, action });
    }
  }

  /** A directory that is not there must not look empty. */
  async function checkRoot(): Promise<void> {
    const error = await rootError(root);
    if (error !== undefined) throw error;
  }

  async function fill(
    upload: Upload,
    name: string,
    body: AsyncIterable<Buffer>,
    { signal, ifAbsent = false }: PutOptions,
  ): Promise<number> {
    let bytes = 0;
    for await (const chunk of chunksUntil(body, signal)) {
      await step('write', name, () => upload.write(chunk));
      bytes += chunk.length;
    }
    signal.throwIfAborted();
    const outcome = await step('write', name, () => upload.complete(ifAbsent));
    if (outcome === 'done') return bytes;
    throw new HoldfastError('BackupExists', `${address}/${name} is there already; it was left as it is.`);
  }

  async function put(
    name: string,
    body: AsyncIterable<Buffer>,
    options: PutOptions,
  ): Promise<{ bytes: number }> {
    checkOwnName(name);
    options.signal.throwIfAborted();
    await checkRoot();
    const upload = await step('write', name, () => openUpload(root, name));
    try {
      return { bytes: await fill(upload, name, body, options) };
    } catch (error) {
      // The first error is the one to tell; what cannot be removed now, abortUploads removes.
      await upload.discard().catch(() => undefined);
      throw error;
    }
  }

  async function putOnce(name: string, body: Buffer, signal?: AbortSignal): Promise<boolean> {
    try {
      await put(name, bodyOf(body), { signal: signal ?? new AbortController().signal, ifAbsent: true });
      return true;
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'BackupExists') return false;
      throw error;
    }
  }

  async function* get(
    name: string,
    { start = 0, end, signal }: GetOptions = {},
  ): AsyncGenerator<Buffer, void> {
    checkOwnName(name);
    signal?.throwIfAborted();
    await using file = await step('read', name, () => openObject(root, name, address));
    const { size } = await step('read', name, () => file.stat());
    const before = end ?? size;
    if (start > before || before > size)
      throw new HoldfastError(
        'ArchiveCorrupt',
        `${address}/${name} has ${size} bytes, but those from ${start} to before ${end ?? 'its end'} are asked for.`,
      );
    for (let at = start; at < before;) {
      signal?.throwIfAborted();
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, before - at));
      const { bytesRead } = await step('read', name, () => file.read(buffer, 0, buffer.length, at));
      if (bytesRead === 0)
        throw new HoldfastError('ArchiveCorrupt', `${address}/${name} became shorter while it was read.`);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async function* listed<T>(
    entries: AsyncGenerator<T, void>,
    name: string,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void> {
    signal?.throwIfAborted();
    await checkRoot();
    for (;;) {
      const next = await step('read', name, () => entries.next());
      if (next.done === true) return;
      signal?.throwIfAborted();
      yield next.value;
    }
  }

  async function head(name: string, signal?: AbortSignal): Promise<ObjectInfo | undefined> {
    checkOwnName(name);
    signal?.throwIfAborted();
    const info = await step('read', name, () => infoOf(root, name));
    if (info === undefined) await checkRoot();
    return info;
  }

  async function remove(names: readonly string[], signal?: AbortSignal): Promise<void> {
    names.forEach(checkOwnName);
    signal?.throwIfAborted();
    await checkRoot();
    for (const name of names) {
      signal?.throwIfAborted();
      await step('delete', name, () => removeFile(join(root, name)));
    }
    // On the disk before anything that relies on it is done: a manifest that came back would promise deleted data.
    const folders = new Set(names.map((name) => dirname(join(root, name))));
    for (const folder of folders) {
      await step('delete', '', () => syncFolder(folder));
      await removeEmpty(root, folder);
    }
  }

  return {
    address,
    put,
    putOnce,
    get,
    head,
    list: (prefix, signal) => listed(walk(root, checkPrefix(prefix)), prefix, signal),
    folders: (folder, signal) => listed(foldersIn(root, checkPrefix(folder)), folder, signal),
    remove,
    abortUploads: async (prefix, signal, startedBefore) => {
      signal?.throwIfAborted();
      await checkRoot();
      return step('delete', prefix, () => removeUploads(root, prefix, startedBefore));
    },
    close: () => Promise.resolve(),
  };
}

/** Opens the file of an object, and nothing else: no folder, no symbolic link. */
async function openObject(root: string, name: string, address: string): Promise<FileHandle> {
  const missing = () => new HoldfastError('ObjectMissing', `${address}/${name} is not there.`);
  if ((await infoOf(root, name)) === undefined) throw (await rootError(root)) ?? missing();
  try {
    return await open(join(root, name), constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw isMissing(error) ? missing() : error;
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function checkOwnName(name: string): void {
  checkName(name);
  if (name.startsWith(`${uploadsFolder}/`)) throw new TypeError(`Not a name of an object: ${name}.`);
}

/** A prefix is a folder and the beginning of a name in it; the folder must not lead out. */
function checkPrefix(prefix: string): string {
  const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
  if (prefix.includes('/')) checkName(folder);
  return prefix;
}
