import type { Command } from 'commander';
import { documentsOf } from '../../activities/backup-reading.ts';
import { snapshotOf } from '../../activities/snapshot-file.ts';
import { type Damage, readDamage } from '../../storage/damage.ts';
import { findBackup } from '../../storage/find.ts';
import { manifestName } from '../../storage/layout.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { drillLines, lastDrills } from '../drill-text.ts';
import { bytes, counted, number } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printLine, write } from '../output.ts';
import { addSourceOptions, type OpenedSource, type SourceOptions, withSource } from '../sources.ts';
import { visible } from '../visible.ts';

export function addShowCommand(program: Command, io: Io): void {
  const show = program
    .command('show')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('show the manifest of a backup')
    .description(
      'Show the manifest of a backup: what it holds, of which moment, how it was proven, and what the last drill has shown.',
    );
  addSourceOptions(show)
    .action((job: string, backup: string, _options: SourceOptions, command: Command) =>
      withSource(job, command, io, (source) => showBackup(source, backup, globalOptions(command).json, io)),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast show consul-prod', 'the newest backup'],
        ['holdfast show consul-prod before:2026-11-22T04:00Z', 'the last one before that time'],
        ['holdfast show consul-prod 20261122T041500Z --json', 'the manifest, byte by byte'],
      ),
    );
}

async function showBackup(
  { job, storage }: OpenedSource,
  which: string,
  json: boolean,
  io: Io,
): Promise<void> {
  const { id, manifest } = await findBackup(storage, job, which, io.signal);
  const name = manifestName(job, id);
  if (json) {
    // As it stands, so that its digest can be checked by others too.
    for await (const chunk of storage.get(name, { signal: io.signal }))
      await write(io.stdout, chunk, io.signal);
    return;
  }
  const drilled = drillLines(id, await lastDrills(storage, job, id, io.signal));
  const damage = await readDamage(storage, { job, id }, io.signal);
  const lines = [...manifestLines(manifest), ...drilled, ...damageLines(damage)];
  const width = Math.max(...lines.map(([title]) => title.length));
  await printLine(io, `${storage.address}/${name}`);
  for (const [title, text] of lines) await printLine(io, `  ${title.padEnd(width)}  ${text}`);
}

function manifestLines(manifest: Manifest): [title: string, text: string][] {
  const { store, moment, content, madeBy } = manifest;
  const details = Object.entries(store.details).map(([name, value]) => `, ${name} ${value}`);
  return [
    ['backup', `${manifest.id} of ${manifest.job} (${manifest.reason})`],
    ['store', `${store.kind} ${store.version} at ${store.address}${details.join('')}`],
    ['scope', scopeText(manifest)],
    ...some(
      'snapshot',
      manifest.snapshot && `${manifest.snapshot.name} in the repository ${manifest.snapshot.repository}`,
    ),
    ['moment', `index ${moment.index}, ${moment.consistency}`],
    ['content', contentText(manifest)],
    ...consulLines(manifest),
    ['digest', content.digest],
    ...manifest.objects.map(({ name, plainBytes, storedBytes, encryption }): [string, string] => [
      'object',
      `${name}: ${bytes(plainBytes)}, stored ${bytes(storedBytes)}${encryption === 'none' ? '' : `, encrypted (${encryption})`}`,
    ]),
    ...some('unchanged since', manifest.unchangedSince),
    ...manifest.recipients.map((recipient): [string, string] => ['recipient', recipient]),
    ...manifest.leftOut.map(({ reason, count, examples: names }): [string, string] => [
      'left out',
      `${manifest.store.kind === 'elasticsearch' ? counted(count, 'index', 'indices') : counted(count, 'key')}: ${reason} (${names.map(visible).join(', ')})`,
    ]),
    ...(manifest.suspicions ?? []).map((why): [string, string] => ['suspicious', why]),
    ...(manifest.warnings ?? []).map((warning): [string, string] => ['warning', warning]),
    ...(manifest.checks ?? []).map(({ name, outcome, detail }): [string, string] => [
      'check',
      `${name} ${outcome}: ${detail}`,
    ]),
    ['captured', manifest.capturedAt],
    ['verified', manifest.verifiedAt],
    ['published', manifest.publishedAt],
    ['made by', `holdfast ${madeBy.version}`],
    ...some('workflow', madeBy.workflowId),
  ];
}

/** Last, so that nobody reads past it. */
function damageLines(damage: Damage | undefined): [string, string][] {
  if (damage === undefined) return [];
  const { findings, by, at } = damage;
  return [
    ['DAMAGED', `as ${by} found at ${at}; do not rely on this backup`],
    ...findings.map(({ kind, object, detail }): [string, string] => [kind, `${object}: ${visible(detail)}`]),
  ];
}

function scopeText(manifest: Manifest): string {
  const { prefix, indices } = manifest.scope;
  if (snapshotOf(manifest) !== undefined) return 'everything: a snapshot';
  if (manifest.snapshot !== undefined) return 'indices: a snapshot';
  if (documentsOf(manifest) !== undefined) {
    return `indices, document by document${indices === undefined ? '' : `: ${indices.map(visible).join(', ')}`}`;
  }
  return prefix === '' ? 'all keys' : `keys under ${visible(prefix)}`;
}

function contentText(manifest: Manifest): string {
  const { records, bytes: size } = manifest.content;
  if (snapshotOf(manifest) !== undefined)
    return `${counted(records, 'live key')}, ${bytes(size)} of ${manifest.store.kind === 'etcd' ? 'database' : 'snapshot'}`;
  if (manifest.snapshot !== undefined)
    return `${counted(records, 'document')}, ${bytes(size)} of primary shards`;
  if (documentsOf(manifest) !== undefined)
    return `${counted(records, 'document')}, ${bytes(size)} of sources`;
  return `${counted(records, 'record')}, ${bytes(size)} of keys and values`;
}

function consulLines({ consul }: Manifest): [string, string][] {
  if (consul === undefined) return [];
  const things = Object.entries(consul.counts).map(([kind, count]) => `${number(count)} ${kind}`);
  return [
    ['in it', things.join(', ')],
    [
      'raft',
      `index ${consul.index}, term ${consul.term}, snapshot ${consul.id} of version ${consul.version}`,
    ],
  ];
}

function some(title: string, text: string | undefined): [string, string][] {
  return text === undefined ? [] : [[title, text]];
}
