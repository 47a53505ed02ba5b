import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { makeDataDir, requireEmpty } from '../stores/etcd/data-dir.ts';
import { membersOf } from '../stores/etcd/initial-cluster.ts';
import { revisionAfter, runBook, type Recovery } from '../stores/etcd/run-book.ts';
import { findTool } from '../stores/etcd/tools.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { DataDirOptions } from './data-dir-options.ts';
import { bytes } from './format.ts';
import type { Io } from './io.ts';
import { paint, printJson, printLine, say } from './output.ts';
import { writeBackupTo } from './plain-file.ts';
import { type OpenedBackup, openBackup } from './records.ts';
import { withSource } from './sources.ts';

/** Options of a restore into a living store, which have no meaning for a data directory. */
const others = [
  'prefix',
  'toPrefix',
  'toJob',
  'mode',
  'whole',
  'dryRun',
  'yes',
  'plan',
  'wait',
  'safetyBackup',
  'direct',
];

/**
 * Makes a data directory for etcd out of a snapshot, and says what else brings the cluster back. It needs neither
 * Temporal nor, with --storage, a configuration.
 */
export async function restoreDataDir(
  job: string,
  which: () => Promise<string>,
  options: DataDirOptions & { readonly json: boolean },
  command: Command,
  io: Io,
): Promise<void> {
  const other = others.find((name) => command.getOptionValueSource(name) === 'cli');
  if (other !== undefined) {
    const flag = command.options.find((option) => option.attributeName() === other)?.long ?? other;
    throw new HoldfastError(
      'BadRequest',
      `${flag} does not go with --to-data-dir, which takes the whole snapshot.`,
    );
  }
  // All that can be known before the backup is fetched.
  const dataDir = resolve(options.toDataDir);
  membersOf({ ...options, initialClusterToken: options.initialClusterToken ?? '' });
  await requireEmpty(dataDir);
  const etcdutl = await findTool('etcdutl', 'to make a data directory of a snapshot', io.signal);

  const id = await which();
  await withSource(job, command, io, async (source) => {
    const backup = await openBackup(source, id, io);
    const recovery = recoveryOf(job, dataDir, backup, options);
    if (!options.json) say(io, `Restoring ${job} ${recovery.backup} with etcdutl ${etcdutl.version}`);
    const [member] = recovery.members;
    const { bumpRevision } = recovery;
    const provide = async (folder: string): Promise<string> => {
      const file = join(folder, 'snapshot.db');
      await writeBackupTo(file, backup, io);
      return file;
    };
    await makeDataDir(etcdutl, dataDir, { member, bumpRevision }, provide, io.signal);
    await print(recovery, backup, options.json, io);
  });
}

function recoveryOf(
  job: string,
  dataDir: string,
  { manifest, object }: OpenedBackup,
  options: DataDirOptions,
): Recovery {
  const { id, moment } = manifest;
  if (object.format === 'consul.snap') {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} is one of Consul, which takes its snapshot while it runs; a data directory is made of one of etcd.`,
    );
  }
  if (object.format !== 'snapshot.db') {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} of ${job} holds keys, and a data directory is made of a snapshot (\`mode: snapshot\` of the job). ` +
        `Start an empty cluster and bring the keys back into it: holdfast restore ${job} ${id}`,
    );
  }
  const initialClusterToken = options.initialClusterToken ?? `restored-${id}`;
  return {
    job,
    backup: id,
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    members: membersOf({ ...options, initialClusterToken }),
    dataDir,
    bumpRevision: options.bumpRevision === false ? 0 : options.bumpRevision,
    revision: moment.index,
    sha256: object.plainSha256,
  };
}

async function print(recovery: Recovery, { object }: OpenedBackup, json: boolean, io: Io): Promise<void> {
  const { job, backup, dataDir, members, revision, bumpRevision } = recovery;
  const steps = runBook(recovery);
  const [member] = members;
  if (json) {
    const revisions = { revision, bumpRevision, revisionAfter: revisionAfter(recovery) };
    return printJson(io, {
      job,
      backup,
      dataDir,
      member,
      sha256: object.plainSha256,
      ...revisions,
      runBook: steps,
    });
  }
  const done = paint(io, io.stdout, 'green', 'is restored');
  await printLine(io, `${dataDir} ${done}: the data directory of ${member.name}, from ${job} ${backup}`);
  await printLine(
    io,
    `(${bytes(object.plainBytes)}, revision ${revision}, now ${revisionAfter(recovery)}; every digest is right).`,
  );
  await printLine(io, '');
  await printLine(io, 'What is left to do:');
  for (const [number, { title, text, commands }] of steps.entries()) {
    await printLine(io, '');
    await printLine(io, `${number + 1}. ${paint(io, io.stdout, 'bold', title)}`);
    for (const line of wrapped(text)) await printLine(io, `   ${line}`);
    for (const one of commands) await printLine(io, `     $ ${one}`);
  }
}

function wrapped(text: string, width = 100): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}
