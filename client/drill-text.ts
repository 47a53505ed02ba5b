import { type DrillEvidence, type DrillPlace, listDrills, readDrill } from '../storage/drills.ts';
import type { Storage } from '../storage/storage.ts';
import type { DrillComparison, DrillResult, DrillScratch } from '../workflows/contract/drill.ts';
import { bytes, duration, number } from './format.ts';

/** What people are shown of drills. */

/** The last drill of each backup of a job. */
export async function drillsByBackup(
  storage: Storage,
  job: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, DrillEvidence>> {
  const last = new Map<string, DrillPlace>();
  for (const place of await listDrills(storage, job, signal)) {
    if (!last.has(place.backup)) last.set(place.backup, place);
  }
  const read = Array.from(last.values(), (place) => readDrill(storage, place, signal));
  return new Map((await Promise.all(read)).map((evidence) => [evidence.backup ?? '', evidence]));
}

/** The last drill of a backup; where there was none, that of the whole job. */
export async function lastDrills(
  storage: Storage,
  job: string,
  backup: string,
  signal: AbortSignal,
): Promise<DrillEvidence | undefined> {
  const places = await listDrills(storage, job, signal);
  const place = places.find((one) => one.backup === backup) ?? places[0];
  return place && (await readDrill(storage, place, signal));
}

/** Titles and texts, as `holdfast show` sets them under a manifest. */
export function drillLines(backup: string, drill: DrillEvidence | undefined): [string, string][] {
  if (drill === undefined) return [['drilled', 'never: `holdfast drill` restores it elsewhere and compares']];
  const own = drill.backup === backup;
  return [
    ...(own ? [] : [line('drilled', 'not this backup')]),
    line(
      own ? 'drilled' : 'last drill',
      `${drill.finishedAt}, ${own ? '' : `backup ${drill.backup ?? ''}, `}${outcomeText(drill)}`,
    ),
    ...drill.comparisons.map((comparison) => line(' compared', comparisonText(comparison))),
    ...(drill.rtoMilliseconds === undefined ? [] : [line(' RTO', rtoText(drill))]),
  ];
}

/** What `holdfast drill` ends with. */
export function resultLines(result: DrillResult): readonly string[] {
  const { job, id, backup = 'none', comparisons, evidence, leftBehind } = result;
  return [
    `${job} ${id}: backup ${backup} ${outcomeText(result)}`,
    ...comparisons.map((comparison) => `  ${comparisonText(comparison)}`),
    ...(result.rtoMilliseconds === undefined ? [] : [`RTO ${rtoText(result)}`]),
    ...(evidence === undefined ? [] : [evidence]),
    ...(leftBehind === undefined
      ? []
      : [`The scratch place could not be cleaned (${leftBehind.code}): ${leftBehind.message}`]),
  ];
}

/** For a column. */
export function drilledText(drill: DrillEvidence | undefined): string {
  if (drill === undefined) return '';
  const when = drill.finishedAt.slice(0, 16).replace('T', ' ');
  return drill.outcome === 'proven' ? when : `${when} FAILED`;
}

/** What stays the same from release to release: programs read it. */
export function drillJson(drill: DrillEvidence | undefined): Record<string, unknown> | null {
  if (drill === undefined) return null;
  const { id, outcome, rtoMilliseconds, finishedAt } = drill;
  return { id, outcome, rtoMilliseconds: rtoMilliseconds ?? null, finishedAt };
}

function line(title: string, text: string): [string, string] {
  return [title, text];
}

function outcomeText({ outcome, failure, scratch, records, bytes: size = 0 }: DrillResult): string {
  if (outcome === 'failed') return `FAILED (${failure?.code ?? ''}): ${failure?.message ?? ''}`;
  const what = records === undefined ? '' : `${number(records)} records, ${bytes(size)}, `;
  return `proven: ${what}restored into ${scratch === undefined ? 'a scratch place' : scratchText(scratch)}`;
}

function scratchText(scratch: DrillScratch): string {
  if (scratch.kind === 'throwaway') return `a throwaway ${scratch.program} ${scratch.version}`;
  const what = scratch.kind === 'prefix' ? 'keys under' : 'indices named';
  return `${what} ${scratch.prefix} in ${scratch.address} (job ${scratch.job})`;
}

function comparisonText({ what, outcome, expected = '', found = '', detail }: DrillComparison): string {
  const why = detail === undefined ? '' : ` (${detail})`;
  if (outcome === 'equal') return `${what} equal: ${found}${why}`;
  return outcome === 'differs'
    ? `${what} DIFFER: ${found}, not ${expected}${why}`
    : `${what} not compared${why}`;
}

function rtoText({ rtoMilliseconds = 0, steps }: DrillResult): string {
  const parts = steps
    .filter(({ step }) => step === 'fetch' || step === 'plan' || step === 'restore' || step === 'prove')
    .map(({ step, milliseconds }) => `${step} ${took(milliseconds)}`);
  return `${took(rtoMilliseconds)} (${parts.join(', ')})`;
}

function took(milliseconds: number): string {
  return milliseconds < 10_000 ? `${(milliseconds / 1000).toFixed(1)}s` : duration(milliseconds);
}
