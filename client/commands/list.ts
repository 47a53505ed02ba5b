import type { Command } from 'commander';
import { listBackups, listRuns } from '../../storage/catalog.ts';
import type { CatalogEntry, PublishedBackup, UnreadableBackup } from '../../storage/catalog.ts';
import type { DrillEvidence } from '../../storage/drills.ts';
import { listMarks, type Mark } from '../../storage/marks.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { timeOfBackupId } from '../../workflows/contract/names.ts';
import { drilledText, drillJson, drillsByBackup } from '../drill-text.ts';
import { bytes, duration, number } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJsonLine, printLine } from '../output.ts';
import { lookForSnapshots } from '../snapshots-there.ts';
import {
  addSourceOptions,
  type OpenedSource,
  openSource,
  sourcesOf,
  type SourceOptions,
} from '../sources.ts';
import { table } from '../table.ts';

interface ListOptions extends SourceOptions {
  readonly all: boolean;
}

export function addListCommand(program: Command, io: Io): void {
  const list = program
    .command('list')
    .argument('[job]', 'the job (default: all jobs)')
    .summary('list the backups of a job')
    .description('List the backups of a job, newest first. Exit code 3 where one is damaged.')
    .option('--all', 'also show runs that have stored data and published no backup', false);
  addSourceOptions(list)
    .action((job: string | undefined, options: ListOptions, command: Command) =>
      listJobs(job, options, command, io),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast list', 'the backups of all jobs'],
        ['holdfast list consul-prod --json', 'one JSON document a line'],
        ['holdfast list --storage s3://backups/prod?region=eu-central-1', 'without a configuration'],
      ),
    );
}

async function listJobs(
  job: string | undefined,
  { all }: ListOptions,
  command: Command,
  io: Io,
): Promise<void> {
  const { json } = globalOptions(command);
  const bad: Bad[] = [];
  for (const source of await sourcesOf(job, command, io)) {
    await openSource(source, async (opened) => {
      const runs = all
        ? listRuns(opened.storage, opened.job, io.signal)
        : listBackups(opened.storage, opened.job, io.signal);
      const isThere = await lookForSnapshots(opened, io);
      const marks = await listMarks(opened.storage, opened.job, io.signal);
      const drills = await drillsByBackup(opened.storage, opened.job, io.signal);
      const known: Known = {
        isThere,
        marksOf: (id) => [...(marks.get(id) ?? [])],
        drillOf: (id) => drills.get(id),
      };
      const print = json ? printEntries : printTable;
      bad.push(...(await print(opened, runs, known, io)));
    });
  }
  const [first] = bad;
  if (first === undefined) return;
  const count = bad.length === 1 ? 'A backup' : `${bad.length} backups`;
  const are = first.error.code === 'BackupDamaged' ? 'cannot be relied on' : 'cannot be read';
  throw new HoldfastError(first.error.code, `${count} ${are}. ${first.error.message}`, {
    cause: first.error,
  });
}

/** A backup that nobody could restore. */
type Bad = Pick<UnreadableBackup, 'error'>;
/** What is known of backups besides their manifests. */
interface Known {
  readonly isThere: Awaited<ReturnType<typeof lookForSnapshots>>;
  readonly marksOf: (id: string) => readonly Mark[];
  /** The last one of a backup. */
  readonly drillOf: (id: string) => DrillEvidence | undefined;
}

function badOf(job: string, entry: CatalogEntry, { isThere, marksOf }: Known): readonly Bad[] {
  if (entry.state === 'unreadable') return [entry];
  if (entry.state !== 'published') return [];
  if (marksOf(entry.id).includes('damaged')) {
    const message = `A verification found backup ${entry.id} of ${job} damaged: \`holdfast show ${job} ${entry.id}\` says how.`;
    return [{ error: new HoldfastError('BackupDamaged', message) }];
  }
  if (isThere(entry.manifest) !== 'missing') return [];
  const { name = '', repository = '' } = entry.manifest.snapshot ?? {};
  const message = `The snapshot ${name} of backup ${entry.id} of ${job} is no longer in the repository ${repository}.`;
  return [{ error: new HoldfastError('ObjectMissing', message) }];
}

async function printEntries(
  { job }: OpenedSource,
  entries: AsyncIterable<CatalogEntry>,
  known: Known,
  io: Io,
): Promise<readonly Bad[]> {
  const bad: Bad[] = [];
  for await (const entry of entries) {
    bad.push(...badOf(job, entry, known));
    await printJsonLine(io, entryJson(job, entry, known));
  }
  return bad;
}

/** What stays the same from release to release: programs read it. */
function entryJson(job: string, entry: CatalogEntry, known: Known): Record<string, unknown> {
  const { id, state } = entry;
  if (state === 'unfinished') return { job, id, state };
  if (state === 'unreadable')
    return { job, id, state, error: { code: entry.error.code, message: entry.error.message } };
  const { manifest } = entry;
  return {
    ...{ job, id, state, reason: manifest.reason, store: manifest.store.kind, scope: manifest.scope },
    ...{ records: manifest.content.records, bytes: manifest.content.bytes, storedBytes: storedBytes(entry) },
    encrypted: manifest.objects.some(({ encryption }) => encryption !== 'none'),
    ...{ capturedAt: manifest.capturedAt, verifiedAt: manifest.verifiedAt },
    unchangedSince: manifest.unchangedSince ?? null,
    ...{ suspicions: manifest.suspicions ?? [], marks: known.marksOf(id) },
    drill: drillJson(known.drillOf(id)),
    ...(manifest.snapshot && { snapshot: { ...manifest.snapshot, state: known.isThere(manifest) } }),
  };
}

/** A backup that refers to the data of an earlier one stores none itself. */
function storedBytes({ manifest }: PublishedBackup): number {
  if (manifest.unchangedSince !== undefined) return 0;
  return manifest.objects.reduce((sum, object) => sum + object.storedBytes, 0);
}

async function printTable(
  { job, storage }: OpenedSource,
  runs: AsyncIterable<CatalogEntry>,
  known: Known,
  io: Io,
): Promise<readonly Bad[]> {
  const entries = await Array.fromAsync(runs);
  await printLine(io, `${paint(io, io.stdout, 'bold', job)}  ${storage.address}`);
  if (entries.length === 0) {
    await printLine(io, 'No backups yet.\n');
    return [];
  }
  const columns = [
    { title: 'ID' },
    { title: 'AGE', align: 'right' },
    { title: 'REASON' },
    { title: 'RECORDS', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: 'STORED', align: 'right' },
    { title: 'VERIFIED' },
    { title: 'DRILLED' },
    { title: 'UNCHANGED SINCE' },
  ] as const;
  const rows = entries.map((entry) => row(entry, known));
  for (const line of table(columns, rows, (text) => paint(io, io.stdout, 'dim', text)))
    await printLine(io, line);
  await printLine(io, '');
  return entries.flatMap((entry) => badOf(job, entry, known));
}

function row(entry: CatalogEntry, known: Known): string[] {
  const age = duration(Math.max(0, Date.now() - timeOfBackupId(entry.id).getTime()));
  if (entry.state === 'unfinished') return [entry.id, age, 'unfinished: at work, or ended before its end'];
  if (entry.state === 'unreadable') return [entry.id, age, `DAMAGED (${entry.error.code})`];
  const { manifest } = entry;
  if (known.isThere(manifest) === 'missing') return [entry.id, age, 'MISSING (its snapshot is gone)'];
  return [
    entry.id,
    age,
    [manifest.reason, ...remarks(manifest, known.marksOf(entry.id))].join(', '),
    number(manifest.content.records),
    bytes(manifest.content.bytes),
    bytes(storedBytes(entry)),
    manifest.verifiedAt.slice(0, 16).replace('T', ' '),
    drilledText(known.drillOf(entry.id)),
    manifest.unchangedSince ?? '',
  ];
}

function remarks({ suspicions }: Manifest, marks: readonly Mark[]): readonly string[] {
  const others = marks.filter((mark) => mark !== 'damaged');
  return [
    ...(marks.includes('damaged') ? ['DAMAGED'] : []),
    ...(suspicions === undefined || marks.includes('trusted') ? [] : ['SUSPICIOUS']),
    ...others,
  ];
}
