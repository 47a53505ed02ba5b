import { HoldfastError } from '../workflows/contract/errors.ts';
import type { IndexWish, Plan, RestoreRequest } from '../workflows/contract/restore.ts';

/** What a request asks of a snapshot of indices. @throws BadRequest where it is one for keys, or contradicts itself */
export function snapshotWish(request: RestoreRequest): IndexWish {
  const { inPlace, rename, swapAliases } = request;
  refuse(request, ['prefix', 'toPrefix', 'mode'], 'The job stands for indices', 'for stores of keys');
  if (inPlace !== undefined && (rename !== undefined || swapAliases)) {
    throw new HoldfastError(
      'BadRequest',
      'inPlace keeps names and aliases; it goes without rename and swapAliases.',
    );
  }
  return { ...wishOf(request), into: inPlace === undefined ? renaming(request) : { how: inPlace } };
}

/** The same of a backup of documents. With a mode, documents go into indices that are there. */
export function documentWish(request: RestoreRequest): IndexWish {
  const { mode, rename = '$1' } = request;
  refuse(request, ['prefix', 'toPrefix'], 'The job stands for indices', 'for stores of keys');
  refuse(request, ['inPlace'], 'The backup holds documents', 'for snapshots');
  if (mode === undefined) return { ...wishOf(request), into: renaming(request) };
  if (mode !== 'mirror') {
    return { ...wishOf(request), into: { how: 'load', mode, pattern: '(.+)', replacement: rename } };
  }
  throw new HoldfastError(
    'BadRequest',
    'Documents that the backup does not have are never deleted: mirror is for stores of keys. Restore the index under a ' +
      'new name, and let its aliases point there (swapAliases).',
  );
}

export function wishIn({ indices }: Plan): IndexWish {
  if (indices === undefined) throw new HoldfastError('Defect', 'A plan for indices does not say how.');
  return indices;
}

function wishOf({
  indices = '*',
  indexSettings: settings = {},
  keepLifecycle = false,
  swapAliases = false,
}: RestoreRequest): Omit<IndexWish, 'into'> {
  return {
    indices: indices.split(',').map((name) => name.trim()),
    ...{ settings, keepLifecycle, swapAliases },
  };
}

function renaming({ rename = 'restored-$1' }: RestoreRequest): IndexWish['into'] {
  return { how: 'rename', pattern: '(.+)', replacement: rename };
}

function refuse(
  request: RestoreRequest,
  names: readonly (keyof RestoreRequest)[],
  what: string,
  whose: string,
): void {
  const found = names.filter((name) => request[name] !== undefined);
  if (found.length === 0) return;
  throw new HoldfastError('BadRequest', `${what}; ${found.join(', ')} is ${whose}.`);
}
