import { setCurrentDetails } from '@temporalio/workflow';
import type { Failure, JobDescription } from './contract/backup.ts';
import type { ChosenBackup, DrillComparison, DrillResult, DrillScratch } from './contract/drill.ts';
import { advice } from './failure.ts';
import { code, count, facts, page, prose, size, time } from './markdown.ts';

/** What the Temporal UI shows of a drill while it runs and after it. */
export interface DrillDetails {
  enters(phase: string): void;
  described(description: JobDescription): void;
  chose(chosen: ChosenBackup): void;
  finished(result: DrillResult): void;
  failed(failure: Failure, result: DrillResult | undefined): void;
  cancelled(): void;
}

export function showDrill(job: string, id: string, reason: DrillResult['reason']): DrillDetails {
  const rows: [string, string][] = [
    ['drill', `${code(id)} of ${code(job)}`],
    ['reason', reason],
  ];
  const show = (heading: string, ...parts: string[]): void =>
    setCurrentDetails(page(`**${heading}**`, ...parts, facts(rows)));
  return {
    enters: (phase) => show(`${phase}…`),
    described: ({ summary }) => rows.push(['job', code(summary)]),
    chose: ({ asked, backup, capturedAt }) =>
      rows.push(['backup', `${code(backup)}, captured at ${time(capturedAt)} (${asked})`]),
    finished(result) {
      rows.push(...resultRows(result));
      show(`Proven: it can be restored, in ${seconds(result.rtoMilliseconds ?? 0)}`);
    },
    failed(failure, result) {
      rows.push(...(result === undefined ? [] : resultRows(result)));
      show(`Failed: ${failure.code}`, prose(failure.message), prose(advice(failure)));
    },
    cancelled: () => show('Cancelled', 'Nothing of it is left in the scratch place.'),
  };
}

function resultRows(result: DrillResult): [string, string][] {
  const { scratch, records, bytes, comparisons, steps, rtoMilliseconds, evidence, leftBehind } = result;
  return [
    ...(scratch === undefined ? [] : [row('restored into', scratchText(scratch))]),
    ...(records === undefined ? [] : [row('restored', `**${count(records)}**, ${size(bytes ?? 0)}`)]),
    ...comparisons.map((comparison) => row(comparison.what, comparisonText(comparison))),
    ...(rtoMilliseconds === undefined ? [] : [row('RTO', `**${seconds(rtoMilliseconds)}**`)]),
    ...(steps.length === 0
      ? []
      : [row('steps', steps.map(({ step, milliseconds }) => `${step} ${seconds(milliseconds)}`).join(', '))]),
    ...(evidence === undefined ? [] : [row('evidence', code(evidence))]),
    ...(leftBehind === undefined ? [] : [row('left behind', prose(leftBehind.message))]),
  ];
}

function row(name: string, fact: string): [string, string] {
  return [name, fact];
}

function scratchText(scratch: DrillScratch): string {
  if (scratch.kind === 'throwaway') return `a throwaway ${scratch.program} ${scratch.version}`;
  const what = scratch.kind === 'prefix' ? 'keys under' : 'indices named';
  return `${what} ${code(scratch.prefix)} in ${code(scratch.address)} (job ${code(scratch.job)})`;
}

function comparisonText({ outcome, expected = '', found = '', detail }: DrillComparison): string {
  const why = detail === undefined ? '' : ` (${prose(detail)})`;
  if (outcome === 'equal') return `equal: ${code(expected)}${why}`;
  return outcome === 'differs'
    ? `**differs**: ${code(found)}, not ${code(expected)}${why}`
    : `not done${why}`;
}

function seconds(milliseconds: number): string {
  return `${milliseconds < 10_000 ? (milliseconds / 1000).toFixed(1) : Math.round(milliseconds / 1000)} s`;
}
