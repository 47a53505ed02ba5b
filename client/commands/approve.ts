import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { restoreWorkflowId } from '../../workflows/contract/names.ts';
import type { Decided } from '../../workflows/contract/restore.ts';
import { withTemporal } from '../connection.ts';
import { approve } from '../decision.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine, say } from '../output.ts';
import { tellEnd } from '../restore-end.ts';
import { followRequest } from '../restore-run.ts';

export function addApproveCommand(program: Command, io: Io): void {
  program
    .command('approve')
    .argument('<job>', 'the job')
    .argument('<digest>', "at least the first 12 digits of the plan's digest")
    .summary('approve the plan of a restore that waits')
    .description(
      'Approves the plan of a restore that waits, and follows the restore to its end; `holdfast status <job>` shows ' +
        'the plan. Exit code 4 where another plan waits, or none.',
    )
    .option('--no-wait', 'return when the plan is approved')
    .action(async (name: string, digest: string, { wait }: { readonly wait: boolean }, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      const job = jobOf(config, name).name;
      await withTemporal(config.temporal, io, async (client) => {
        const decided = await approve(client, io, job, digest);
        if (!wait) return printApproved(io, job, decided, json);
        say(io, `Restore ${decided.restoreId} of ${job} is approved.`);
        const request = { ...decided, workflowId: restoreWorkflowId(job) };
        const farewell = `Look at it: holdfast status ${job}`;
        await tellEnd(io, { job, json, farewell }, () =>
          followRequest(client, io, request, () => Promise.resolve()),
        );
      });
    });
}

async function printApproved(io: Io, job: string, { restoreId }: Decided, json: boolean): Promise<void> {
  if (json) return printJson(io, { job, restoreId, decision: 'approved' });
  await printLine(io, `Restore ${restoreId} of ${job} is approved. Look at it: holdfast status ${job}`);
}
