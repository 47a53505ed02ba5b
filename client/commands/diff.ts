import type { Command } from 'commander';
import { compareRecords, type Difference, type DifferenceCounts } from '../../stores/difference.ts';
import { startsWith } from '../../stores/mapping.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { number } from '../format.ts';
import { examples } from '../help.ts';
import { Ended, type Io } from '../io.ts';
import { globalOptions, type GlobalOptions } from '../options.ts';
import { printJsonLine, say, write } from '../output.ts';
import { createProgressLine } from '../progress.ts';
import { backupSide, live, liveSide, type RecordSide } from '../record-side.ts';
import { contentJson, keyJson, keyText, valueText } from '../record-text.ts';
import {
  addSourceOptions,
  addStoreOption,
  type OpenedSource,
  type SourceOptions,
  withSource,
} from '../sources.ts';
import { storeOf } from '../store-alone.ts';

interface DiffOptions extends SourceOptions, GlobalOptions {
  readonly store: readonly string[];
  readonly prefix?: string;
  readonly values: boolean;
  readonly exitCode: boolean;
}

export function addDiffCommand(program: Command, io: Io): void {
  const diff = program
    .command('diff')
    .argument('<job>', 'the job')
    .argument('[before]', 'an id, latest, or before:<time>', 'latest')
    .argument('[after]', `the same, or ${live}: the store as it is now`, live)
    .summary('compare two backups, or a backup and the store')
    .description(
      'Compare two backups, or a backup and the store as it is now, key by key: + added, ~ changed, - removed. Values ' +
        'are secret until --values. Needs no Temporal.',
    )
    .option('--prefix <prefix>', 'only the keys that start so')
    .option('--values', 'show values', false)
    .option('--exit-code', 'exit code 1 where they differ', false);
  addStoreOption(addSourceOptions(diff))
    .action((job: string, before: string, after: string, _options: unknown, command: Command) => {
      const options: DiffOptions = { ...globalOptions(command), ...command.opts<DiffOptions>() };
      const needsStore = [before, after].includes(live);
      return withSource(
        job,
        command,
        io,
        async (source) => {
          const counts = await compareSides(source, [before, after], options, io);
          if (options.exitCode && counts.added + counts.changed + counts.removed > 0) throw new Ended(1);
        },
        needsStore ? 'fail' : 'keep-in-stores',
      );
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast diff consul-prod', 'what has changed in the store since the newest backup'],
        ['holdfast diff consul-prod 20261122T041500Z latest', 'what has changed between two backups'],
        [
          'holdfast diff consul-prod before:2026-11-22T04:00:00Z --prefix app/ --values',
          'a part, with values',
        ],
        [
          'holdfast diff consul-prod --storage s3://backups/prod --store http://127.0.0.1:8500',
          'without a configuration',
        ],
      ),
    );
}

async function compareSides(
  source: OpenedSource,
  [before, after]: readonly [before: string, after: string],
  options: DiffOptions,
  io: Io,
): Promise<DifferenceCounts> {
  const line = createProgressLine(io);
  await using opened = new AsyncDisposableStack();
  const backup = [before, after].find((which) => which !== live) ?? 'latest';
  const side = async (which: string): Promise<RecordSide> =>
    which === live
      ? liveSide(source.job, await storeOf(source, backup, options, io), opened, io)
      : backupSide(source, which, opened, line, io);
  return await compare(await side(before), await side(after), options, io);
}

async function compare(
  before: RecordSide,
  after: RecordSide,
  options: DiffOptions,
  io: Io,
): Promise<DifferenceCounts> {
  const prefix = options.prefix ?? widest(before, after);
  for (const side of [before, after]) checkWithin(side, prefix);
  // One after the other: to open a snapshot takes a while, and a store's reading does not wait that long.
  const old = await before.open(prefix);
  const { differences, counts } = compareRecords(old, await after.open(prefix), prefix);
  for await (const batch of differences) {
    const lines = batch.map((difference) =>
      options.json
        ? JSON.stringify(differenceJson(difference, options))
        : differenceText(difference, options),
    );
    await write(io.stdout, `${lines.join('\n')}\n`, io.signal);
  }
  const found = counts();
  const names = { before: before.name, after: after.name };
  if (options.json) await printJsonLine(io, { ...names, prefix, ...found });
  else say(io, `${before.name} → ${after.name}: ${countText(found)}.`);
  return found;
}

/** The keys that both sides hold all of. */
function widest(...sides: readonly RecordSide[]): string {
  const prefixes = sides.flatMap(({ prefix }) => prefix ?? []);
  return prefixes.reduce((one, other) => (other.length > one.length ? other : one), '');
}

function checkWithin({ name, prefix: own = '' }: RecordSide, prefix: string): void {
  if (startsWith(Buffer.from(prefix), Buffer.from(own))) return;
  const wanted = JSON.stringify(prefix);
  throw new HoldfastError(
    'BadRequest',
    `Backup ${name} holds the keys under ${JSON.stringify(own)}, not all of those under ${wanted}: no comparison of ` +
      'these is possible. Choose a --prefix that lies within both.',
  );
}

const marks: Readonly<Record<Difference['op'], string>> = { added: '+', changed: '~', removed: '-' };

function differenceText(difference: Difference, { values }: DiffOptions): string {
  const mark = marks[difference.op];
  if (difference.op === 'added') return `${mark} ${recordText(difference.after, values)}`;
  if (difference.op === 'removed') return `${mark} ${recordText(difference.before, values)}`;
  const { before, after } = difference;
  const facts = values ? `${valueText(before.value)} → ${valueText(after.value)}` : sizes(before, after);
  return [`${mark} ${keyText(after.key)}`, facts, ...attributeTexts(before, after)].join('  ');
}

function recordText({ key, value }: KeyRecord, values: boolean): string {
  return `${keyText(key)}  ${values ? valueText(value) : sizeText(value)}`;
}

function sizes(before: KeyRecord, after: KeyRecord): string {
  return `${sizeText(before.value)} → ${sizeText(after.value)}`;
}

function sizeText(value: Buffer | null): string {
  return value === null ? 'null' : `${number(value.length)} B`;
}

function attributeTexts(before: KeyRecord, after: KeyRecord): readonly string[] {
  const names = Object.keys({ ...before.attributes, ...after.attributes });
  return names
    .filter((name) => before.attributes[name] !== after.attributes[name])
    .map((name) => `${name} ${before.attributes[name] ?? 'none'} → ${after.attributes[name] ?? 'none'}`);
}

function differenceJson(difference: Difference, { values }: DiffOptions): Record<string, unknown> {
  const { op } = difference;
  const one = op === 'added' ? difference.after : difference.before;
  return {
    op,
    ...keyJson(one.key),
    ...(op !== 'added' && { before: contentJson(difference.before, values) }),
    ...(op !== 'removed' && { after: contentJson(difference.after, values) }),
  };
}

function countText({ added, changed, removed, equal }: DifferenceCounts): string {
  return `${number(added)} added, ${number(changed)} changed, ${number(removed)} removed, ${number(equal)} equal`;
}
