import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { importBackup } from '../activities/import-backup.ts';
import { importSnapshot } from '../activities/import-snapshot.ts';
import type { Imported } from '../activities/importing.ts';
import { jobOf, type Step } from '../activities/step.ts';
import { configFile, loadConfig } from '../config/load.ts';
import { detectFormat } from '../formats/detect.ts';
import { isSnapshotFormat, oldFormats, type OldFormat, type OldReadOptions } from '../formats/format.ts';
import { readOldBackup } from '../formats/read.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Io } from './io.ts';
import { withOldFile } from './old-file.ts';
import { say } from './output.ts';
import { createProgressLine } from './progress.ts';

/** How a file of another tool is to be understood. */
export interface OldFileOptions {
  readonly format?: OldFormat;
  readonly base64?: boolean;
  readonly passphraseFile?: string;
  readonly ignoreTrailing?: boolean;
}

export function addOldFileOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'its format (default: by what it looks like)').choices(
        Object.keys(oldFormats),
      ),
    )
    .option('--base64', 'consulate: it was made with -b; its values are base64')
    .option('--no-base64', 'consulate: it was made without -b; its values are text')
    .option('--passphrase-file <file>', 'consul-backinator: a file with the passphrase')
    .option('--ignore-trailing', 'etcd-backup: pass over the end of an older dump behind the list');
}

export interface FileToImport {
  readonly job: string;
  /** A path, or `s3://bucket/key`. */
  readonly file: string;
  readonly options: OldFileOptions;
  readonly prefix?: string;
  /** `--config`. */
  readonly config?: string;
}

/** Makes a backup of the job out of the file, which is read whole and checked. */
export async function importFile(wanted: FileToImport, io: Io): Promise<Imported> {
  const { job, file: address, prefix } = wanted;
  const config = await loadConfig(configFile(wanted.config, io.env), {
    env: io.env,
    unset: 'keep-but-encrypt',
  });
  jobOf(config, job);
  const now = new Date();
  const readOptions = await readOptionsOf(wanted.options, now);
  const line = createProgressLine(io);
  const step: Step = {
    config,
    signal: io.signal,
    onProgress: (progress) => line.update(progress),
    log: { info: () => undefined, warn: (message) => say(io, message) },
  };
  try {
    return await withOldFile(address, io.signal, async (file) => {
      const { address: source, modified } = file;
      const format = wanted.options.format ?? (await detectFormat(file));
      if (isSnapshotFormat(format)) {
        if (prefix !== undefined) throw noPart(source);
        return importSnapshot(step, { job, file, format, modified, now });
      }
      const backup = await readOldBackup(file, format, readOptions);
      return importBackup(step, {
        ...{ job, backup, address: source, modified, now },
        ...(prefix !== undefined && { prefix }),
      });
    });
  } finally {
    line.clear();
  }
}

function noPart(file: string): HoldfastError {
  return new HoldfastError(
    'BadRequest',
    `${file} is a snapshot, which is kept whole: leave --prefix out. A restore takes a part of it.`,
  );
}

async function readOptionsOf(options: OldFileOptions, now: Date): Promise<OldReadOptions> {
  const { base64, passphraseFile, ignoreTrailing } = options;
  return {
    now,
    ...(base64 !== undefined && { base64 }),
    ...(passphraseFile !== undefined && { passphrase: await readPassphrase(passphraseFile) }),
    ...(ignoreTrailing !== undefined && { ignoreTrailing }),
  };
}

async function readPassphrase(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new HoldfastError('BadRequest', `The passphrase file ${file} cannot be read (${why}).`, { cause });
  }
}
