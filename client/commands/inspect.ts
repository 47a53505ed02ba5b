import type { Command } from 'commander';
import { readSummary } from '../../archive/documents/read-summary.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { type BackupKeys, withKeys } from '../backup-keys.ts';
import { bytes, counted, number } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { printJsonLine, printLine, say, write } from '../output.ts';
import { refuseForDocuments } from '../reading-options.ts';
import { contentJson, keyJson, keyText, valueText } from '../record-text.ts';
import { type OpenedBackup, openContent } from '../records.ts';
import { addSourceOptions, type SourceOptions, withSource } from '../sources.ts';
import { table } from '../table.ts';
import { visible } from '../visible.ts';

interface InspectOptions extends SourceOptions {
  readonly prefix?: string;
  readonly key?: string;
  readonly values: boolean;
}

export function addInspectCommand(program: Command, io: Io): void {
  const inspect = program
    .command('inspect')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('show the keys or indices in a backup, or one value')
    .description(
      'Show the keys in a backup, with flags and sizes, also in a snapshot of Consul or etcd (the latter needs its ' +
        'programs here). Values are secret until --values. ' +
        'Reading all of it checks every digest; exit code 3 where one is wrong. Of a backup of documents, show its ' +
        'indices, which reads a small part of it.',
    )
    .option('--prefix <prefix>', 'only the keys that start so; reads only the part that holds them')
    .option('--key <key>', 'this key alone; with --values its exact bytes to stdout')
    .option('--values', 'show values', false);
  addSourceOptions(inspect)
    .action((job: string, backup: string, options: InspectOptions, command: Command) =>
      withSource(job, command, io, async (source) => {
        const { json } = globalOptions(command);
        const content = await openContent(source, backup, io);
        if (content.object.format === 'documents.ndjson') return listIndices(content, options, json, io);
        await withKeys(source, content, io, (keys) =>
          options.key === undefined
            ? listKeys(content, keys, options, json, io)
            : showKey(content, keys, options.key, options.values, json, io),
        );
      }),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast inspect consul-prod', 'all keys of the newest backup'],
        ['holdfast inspect consul-prod latest --prefix app/db/', 'what is under a prefix'],
        ['holdfast inspect consul-prod latest --key app/db/password --values', 'one value, exactly'],
      ),
    );
}

async function listIndices(
  { bytes: source, object, options, manifest }: OpenedBackup,
  { prefix, key, values }: InspectOptions,
  json: boolean,
  io: Io,
): Promise<void> {
  refuseForDocuments(manifest, { prefix, key, values });
  const indices = await readSummary(source, object, options);
  if (json) {
    for (const { definition, ...content } of indices)
      await printJsonLine(io, { ...content, kind: definition.kind });
  } else {
    const columns = [
      { title: 'INDEX' },
      { title: 'KIND' },
      { title: 'DOCUMENTS', align: 'right' },
      { title: 'SIZE', align: 'right' },
    ] as const;
    const rows = indices.map(({ index, definition, documents, bytes: size }) => [
      visible(index),
      definition.kind,
      number(documents),
      bytes(size),
    ]);
    for (const line of table(columns, rows)) await printLine(io, line);
  }
  const { records, bytes: size } = manifest.content;
  const what = `${counted(indices.length, 'index', 'indices')}, ${counted(records, 'document')}, ${bytes(size)} of sources`;
  say(io, `${manifest.id}: ${what}; only what tells of the indices was read and checked.`);
}

async function listKeys(
  { manifest }: OpenedBackup,
  keys: BackupKeys,
  { prefix = '', values }: InspectOptions,
  json: boolean,
  io: Io,
): Promise<void> {
  const { records, counts, checksAll } = await keys(prefix);
  if (!json) await printLine(io, `${'FLAGS'.padStart(flagsWidth)}  ${'SIZE'.padStart(sizeWidth)}  KEY`);
  for await (const batch of records) {
    const lines = batch.map((record) =>
      json ? JSON.stringify(recordJson(record, values)) : recordLine(record, values),
    );
    await write(io.stdout, `${lines.join('\n')}\n`, io.signal);
  }
  const found = counts();
  const what = `${counted(found.records, 'key')}, ${bytes(found.bytes)} of keys and values`;
  const proof = checksAll ? 'every digest is right' : 'only the part with this prefix was read and checked';
  say(io, `${manifest.id}: ${what}; ${proof}.`);
}

const flagsWidth = 5;
const sizeWidth = 9;

function recordLine(record: KeyRecord, values: boolean): string {
  const { key, value, attributes } = record;
  const flags = (attributes['flags'] ?? '').padStart(flagsWidth);
  const size = (value === null ? 'null' : number(value.length)).padStart(sizeWidth);
  const shown = values && value !== null ? `  ${valueText(value)}` : '';
  return `${flags}  ${size}  ${keyText(key)}${shown}`;
}

function recordJson(record: KeyRecord, values: boolean): Record<string, unknown> {
  return { ...keyJson(record.key), ...contentJson(record, values) };
}

async function showKey(
  { manifest }: OpenedBackup,
  keys: BackupKeys,
  key: string,
  values: boolean,
  json: boolean,
  io: Io,
): Promise<void> {
  const wanted = Buffer.from(key);
  const record = await firstRecord((await keys(key)).records);
  if (record === undefined || !record.key.equals(wanted)) {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${manifest.id} of ${manifest.job} has no key ${JSON.stringify(key)}.`,
    );
  }
  if (json) return printJsonLine(io, recordJson(record, values));
  if (values) return write(io.stdout, record.value ?? Buffer.alloc(0), io.signal);
  const lines = [
    `key    ${keyText(record.key)}`,
    ...Object.entries({ ...record.attributes, ...record.meta }).map(([name, value]) => `${name}  ${value}`),
    `value  ${record.value === null ? 'null' : `${counted(record.value.length, 'byte')}, shown with --values`}`,
  ];
  for (const line of lines) await printLine(io, line);
}

/** Keys ascend, so a key comes before all longer ones that start with it. */
async function firstRecord(records: AsyncIterable<readonly KeyRecord[]>): Promise<KeyRecord | undefined> {
  for await (const [first] of records) if (first !== undefined) return first;
  return undefined;
}
