import { stat, statfs } from 'node:fs/promises';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { ErrorCode } from '../../workflows/contract/errors.ts';

/** What the file system's own errors mean for a storage. Those not named here pass, as far as anybody knows. */
const codes: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'StorageDenied',
  EPERM: 'StorageDenied',
  EROFS: 'StorageDenied',
  ENOENT: 'StorageMisconfigured',
  ENOTDIR: 'StorageMisconfigured',
  EISDIR: 'StorageMisconfigured',
  ENAMETOOLONG: 'StorageMisconfigured',
  EXDEV: 'StorageMisconfigured',
  ENOSPC: 'StorageMisconfigured',
  EDQUOT: 'StorageMisconfigured',
};

/** The code of an error of the file system (`ENOENT`), or `undefined` for any other error. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** An error of the file system as one of the catalogue. Any other comes through as it is. */
export async function directoryError(
  error: unknown,
  what: { readonly root: string; readonly address: string; readonly action: 'read' | 'write' | 'delete' },
): Promise<unknown> {
  const code = systemCode(error);
  if (code === undefined) return error;
  const failed = `Cannot ${what.action} ${what.address}`;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const missing = await rootError(what.root);
    if (missing !== undefined) return missing;
  }
  // A sector that cannot be read stays so: trying again would only hide that this object is lost.
  if (code === 'EIO' && what.action === 'read')
    return new HoldfastError('ArchiveCorrupt', `${failed}: the disk fails to give its bytes (EIO).`, {
      cause: error,
    });
  const text = Error.isError(error) ? error.message : code;
  const space = code === 'ENOSPC' || code === 'EDQUOT' ? ` ${await freeSpace(what.root)}` : '';
  return new HoldfastError(codes[code] ?? 'StorageUnavailable', `${failed}: ${text}.${space}`, {
    cause: error,
  });
}

/**
 * Why the root cannot serve, or `undefined`. It is never made here: a directory that is missing may be a disk
 * that is not mounted, and backups must not go beneath its mount point.
 */
export async function rootError(root: string): Promise<HoldfastError | undefined> {
  try {
    const found = await stat(root);
    if (found.isDirectory()) return undefined;
    return new HoldfastError('StorageMisconfigured', `${root} is to hold backups, but is not a directory.`);
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    if (code === 'EACCES')
      return new HoldfastError('StorageDenied', `Cannot reach the directory ${root} (EACCES).`, { cause });
    return new HoldfastError(
      'StorageMisconfigured',
      `The directory ${root}, which is to hold backups, cannot be found (${code}). Mount or make it.`,
      { cause },
    );
  }
}

async function freeSpace(root: string): Promise<string> {
  try {
    const { bavail, blocks, bsize } = await statfs(root);
    const mebibytes = (count: number) => Math.round((count * bsize) / 1024 / 1024);
    return `Free there: ${mebibytes(bavail)} MiB of ${mebibytes(blocks)} MiB.`;
  } catch {
    return 'How much is free there cannot be found out.';
  }
}
