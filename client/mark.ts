import { hostname, userInfo } from 'node:os';
import { findBackup } from '../storage/find.ts';
import { type Mark, removeMark, setMark } from '../storage/marks.ts';
import type { Io } from './io.ts';
import { printJson, printLine } from './output.ts';
import type { OpenedSource } from './sources.ts';

/** Who does it, for the record: a name that people recognise, not a proof. */
export function whoAmI({ env }: Pick<Io, 'env'>): string {
  return `${env['USER'] ?? env['LOGNAME'] ?? userInfo().username}@${hostname()}`;
}

/** Sets or takes away what people say of a backup, and tells it. */
export async function markBackup(
  { job, storage }: OpenedSource,
  which: string,
  change: { readonly mark: Mark; readonly set: boolean; readonly reason?: string; readonly json: boolean },
  io: Io,
): Promise<void> {
  const { mark, set, reason, json } = change;
  const { id } = await findBackup(storage, job, which, io.signal);
  const place = { job, id, mark };
  if (set) await setMark(storage, place, { by: whoAmI(io), ...(reason && { reason }) }, io.signal);
  else await removeMark(storage, place, io.signal);
  if (json) await printJson(io, { job, backup: id, [mark]: set });
  else await printLine(io, `${job} ${id} is ${set ? '' : 'no longer '}${mark}.`);
}
