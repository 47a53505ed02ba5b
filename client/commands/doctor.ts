import type { Command } from 'commander';
import { jobOf } from '../../activities/step.ts';
import { configFile, loadConfig } from '../../config/load.ts';
import { examine, type Patient } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import { examples } from '../help.ts';
import { Ended, type Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine } from '../output.ts';

export function addDoctorCommand(program: Command, io: Io): void {
  program
    .command('doctor')
    .argument('[job]', 'the job (default: all jobs that are backups)')
    .summary('look at everything that a job needs, and say what is wrong')
    .description(
      'Reaches all that backups and restores of a job need: Temporal, its workers and schedules, the storage, the store ' +
        'and the rights on both, the clock, the newest backup and what opens it. Says of each what is wrong and what to do. ' +
        'Changes nothing, but for an object of its own in the storage, which it removes. Run it where the worker runs, ' +
        'with its environment. Exit code 1 where something failed; warnings alone do not count.',
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'fail' });
      const jobs = name === undefined ? [...config.jobs.values()] : [jobOf(config, name)];
      const patients: Patient[] = [];
      for await (const patient of examine(config, jobs, io)) {
        patients.push(patient);
        if (!json) await printPatient(patient, io);
      }
      const sound = patients.every(({ findings }) => findings.every(({ state }) => state !== 'failed'));
      if (json) await printJson(io, { sound, ...document(patients) });
      if (!sound) throw new Ended(1);
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast doctor', 'all jobs'],
        ['holdfast doctor consul-prod', 'one of them'],
        ['holdfast doctor --json', 'for a program'],
      ),
    );
}

function document(patients: readonly Patient[]): object {
  const [common, ...jobs] = patients;
  return {
    temporal: common?.findings ?? [],
    jobs: jobs.map(({ name, findings }) => ({ job: name, findings })),
  };
}

async function printPatient({ name, findings }: Patient, io: Io): Promise<void> {
  await printLine(io, paint(io, io.stdout, 'bold', name));
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const finding of findings) {
    await printLine(io, `  ${stateText(finding, io)}  ${finding.check.padEnd(width)}  ${finding.text}`);
    if (finding.action !== undefined)
      await printLine(io, `           ${' '.repeat(width)}  → ${finding.action}`);
  }
}

const styles = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

function stateText({ state }: Finding, io: Io): string {
  return paint(io, io.stdout, styles[state], (state === 'failed' ? 'FAILED' : state).padEnd(7));
}
