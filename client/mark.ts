import type { Command } from 'commander';
import { findBackup } from '../storage/find.ts';
import { type PersonsMark, removeMark, setMark } from '../storage/marks.ts';
import type { Io } from './io.ts';
import { globalOptions } from './options.ts';
import { printJson, printLine } from './output.ts';
import { withSource } from './sources.ts';
import { whoAmI } from './who-am-i.ts';

/** The action of a command that sets a mark of a backup, or takes it away, and tells it. */
export function marking(io: Io, mark: PersonsMark, set: boolean) {
  return (
    job: string,
    which: string,
    { reason }: { readonly reason?: string },
    command: Command,
  ): Promise<void> =>
    withSource(job, command, io, async ({ storage }) => {
      const { id } = await findBackup(storage, job, which, io.signal);
      const place = { job, id, mark };
      const by = { by: whoAmI(io), ...(reason !== undefined && { reason }) };
      if (set) await setMark(storage, place, by, io.signal);
      else await removeMark(storage, place, io.signal);
      if (globalOptions(command).json) await printJson(io, { job, backup: id, [mark]: set });
      else await printLine(io, `${job} ${id} is ${set ? '' : 'no longer '}${mark}.`);
    });
}
