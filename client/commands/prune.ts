import type { Command } from 'commander';
import { keepsOwnBackups, withStorage } from '../../activities/open.ts';
import { removeSnapshots } from '../../activities/remove-snapshots.ts';
import { jobOf } from '../../activities/step.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { planPrune, prune, type PrunePlan, type Pruned } from '../../storage/prune.ts';
import { bytes, counted } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';

export function addPruneCommand(program: Command, io: Io): void {
  program
    .command('prune')
    .argument('<job>', 'the job')
    .summary('show, or delete, what `keep` no longer keeps')
    .description(
      'Show which backups `keep` of the job no longer keeps, and why the others stay. Deletes only with --confirm. ' +
        'A backup run does the same at its end.',
    )
    .option('--confirm', 'delete them', false)
    .action((name: string, { confirm }: { readonly confirm: boolean }, command: Command) =>
      pruneJob(name, confirm, command, io),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast prune consul-prod', 'only look'],
        ['holdfast prune consul-prod --confirm', 'delete what the first one showed'],
      ),
    );
}

async function pruneJob(name: string, confirm: boolean, command: Command, io: Io): Promise<void> {
  const { config: given, json } = globalOptions(command);
  const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep-in-stores' });
  const job = jobOf(config, name);
  await withStorage(job, async (storage) => {
    const plan = await planPrune(storage, name, job.keep, new Date(), io.signal);
    if (!json) await printPlan(plan, io);
    if (confirm && keepsOwnBackups(job)) await removeSnapshots(job, storage, plan, io.signal);
    const done = confirm ? await prune(storage, plan, io.signal) : undefined;
    if (json) await printJson(io, planJson(plan, done));
    else if (done !== undefined) await printLine(io, doneText(done));
    else if (plan.remove.length + plan.leftovers.length > 0)
      say(io, 'Nothing was deleted; `--confirm` does it.');
  });
}

async function printPlan({ keep, remove, leftovers }: PrunePlan, io: Io): Promise<void> {
  for (const { id, reasons } of keep) await printLine(io, `keep    ${id}  ${reasons.join(', ')}`);
  for (const folder of remove) await printLine(io, `remove  ${folder.id}  ${bytes(folder.bytes)}`);
  for (const folder of leftovers) {
    await printLine(
      io,
      `remove  ${folder.id}  ${bytes(folder.bytes)}, left by a run that published no backup`,
    );
  }
  const all = [...remove, ...leftovers];
  const sum = all.reduce((total, folder) => total + folder.bytes, 0);
  await printLine(io, `${counted(keep.length, 'backup')} to keep; ${all.length} to remove, ${bytes(sum)}.`);
}

function planJson(
  { job, keep, remove, leftovers }: PrunePlan,
  done: Pruned | undefined,
): Record<string, unknown> {
  return {
    job,
    keep: keep.map(({ id, reasons }) => ({ id, reasons })),
    remove: remove.map(({ id, bytes: size }) => ({ id, bytes: size })),
    leftovers: leftovers.map(({ id, bytes: size }) => ({ id, bytes: size })),
    done: done ?? null,
  };
}

function doneText({ removed, leftovers, bytes: freed, uploads }: Pruned): string {
  const rest = leftovers.length === 0 ? '' : `, what ${counted(leftovers.length, 'unfinished run')} left`;
  const ended = uploads === 0 ? '' : `, ${counted(uploads, 'upload')} that never ended`;
  return `Removed ${counted(removed.length, 'backup')}${rest}${ended}: ${bytes(freed)} freed.`;
}
