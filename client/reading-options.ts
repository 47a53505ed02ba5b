import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest } from '../workflows/contract/manifest.ts';

type Options = Readonly<Record<string, string | boolean | undefined>>;

/** An option that is passed over would show more than what was asked for. @throws BadRequest */
export function refuseForDocuments(manifest: Pick<Manifest, 'job' | 'id'>, options: Options): void {
  refuse(manifest, options, 'holds documents of indices', 'keys');
}

/** @throws BadRequest */
export function refuseForKeys(manifest: Pick<Manifest, 'job' | 'id'>, options: Options): void {
  refuse(manifest, options, 'holds keys', 'indices');
}

function refuse({ id, job }: Pick<Manifest, 'job' | 'id'>, options: Options, holds: string, whose: string) {
  const given = Object.entries(options).filter(
    ([, value]) => value !== undefined && value !== false && value !== '',
  );
  if (given.length === 0) return;
  const names = given.map(([name]) => `--${name}`).join(', ');
  throw new HoldfastError('BadRequest', `Backup ${id} of ${job} ${holds}; ${names} is for ${whose}.`);
}
