import { access, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { makeTiedDirectory } from '../../stores/tied-directory.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { bytes } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine } from '../output.ts';
import { writeBackupTo } from '../plain-file.ts';
import { type OpenedBackup, openBackup } from '../records.ts';
import { addSourceOptions, type OpenedSource, type SourceOptions, withSource } from '../sources.ts';

interface FetchOptions extends SourceOptions {
  readonly output?: string;
  readonly force: boolean;
}

export function addFetchCommand(program: Command, io: Io): void {
  const fetch = program
    .command('fetch')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('write a backup as a plain file')
    .description(
      'Write what was backed up as a plain file, decrypted and decompressed: a snapshot as `etcdctl snapshot save` or ' +
        '`consul snapshot save` writes it, or records or documents, one JSON object a line. The file gets its name only once every digest is right.',
    )
    .option(
      '--output <file>',
      'where to (default: <job>-<id>.snapshot.db, .consul.snap, .records.ndjson or .documents.ndjson)',
    )
    .option('--force', 'take the place of a file that is there', false);
  addSourceOptions(fetch)
    .action((job: string, backup: string, options: FetchOptions, command: Command) =>
      withSource(job, command, io, (source) =>
        fetchBackup(source, backup, { ...options, ...globalOptions(command) }, io),
      ),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast fetch etcd-prod', 'the newest backup'],
        ['holdfast fetch etcd-prod --output /root/snapshot.db', 'for etcdutl snapshot restore'],
        ['holdfast fetch consul-whole --output consul.snap', 'for consul snapshot restore'],
      ),
    );
}

async function fetchBackup(
  source: OpenedSource,
  which: string,
  { output, force, json }: FetchOptions & { readonly json: boolean },
  io: Io,
): Promise<void> {
  const backup = await openBackup(source, which, io);
  const { manifest, object } = backup;
  const file = resolve(output ?? `${source.job}-${manifest.id}.${object.format}`);
  await writeWhole(file, force, backup, io);

  const { format, plainBytes, plainSha256 } = object;
  if (json) {
    const facts = { file, format, bytes: plainBytes, sha256: plainSha256 };
    return printJson(io, { job: source.job, backup: manifest.id, ...facts });
  }
  const right = paint(io, io.stdout, 'green', 'every digest is right');
  await printLine(io, `${source.job} ${manifest.id}: ${format}, ${bytes(plainBytes)}; ${right}.`);
  await printLine(io, `${file}  (SHA-256 ${plainSha256})`);
  if (format === 'consul.snap') {
    await printLine(io, `Look into it: consul snapshot inspect ${file}`);
    await printLine(io, `Replace all of a Consul with it, without Holdfast: consul snapshot restore ${file}`);
  }
  if (format !== 'snapshot.db') return;
  await printLine(
    io,
    `To make a data directory of it: holdfast restore ${source.job} ${manifest.id} --to-data-dir DIR`,
  );
  await printLine(io, 'or by hand, for every member from this same file: etcdutl snapshot restore --help');
}

/** Beside its place and under another name until it is whole, so that no half file is ever taken for a backup. */
async function writeWhole(file: string, force: boolean, backup: OpenedBackup, io: Io): Promise<void> {
  if (!force) await requireAbsent(file);
  const work = await makeTiedDirectory(dirname(file), '.holdfast-').catch((cause: unknown) => {
    const why = Error.isError(cause) ? cause.message : String(cause);
    throw new HoldfastError('BadRequest', `${file} cannot be written: ${why}`, { cause });
  });
  try {
    const whole = join(work.path, 'whole');
    await writeBackupTo(whole, backup, io);
    if (!force) await requireAbsent(file);
    await rename(whole, file);
  } finally {
    await work.remove();
  }
}

async function requireAbsent(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new HoldfastError('BadRequest', `${file} is there already: name another --output, or say --force.`);
}
