import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectName } from '../../storage/layout.ts';
import { countKeys } from '../../stores/etcd/count-keys.ts';
import { findThrowawayTools, openThrowaway, type Throwaway } from '../../stores/etcd/throwaway.ts';
import { makeTiedDirectory } from '../../stores/tied-directory.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { DataObject } from '../../workflows/contract/manifest.ts';
import { canStartFrom, lackOfRoom, whyNoHash } from '../hash-proof.ts';
import { byteSource, readIdentities } from '../open.ts';
import { snapshotOf, writePlainFile } from '../snapshot-file.ts';
import type { Drilled, Drilling } from './drilling.ts';
import { drillKeys } from './drill-keys.ts';

/** Restores a snapshot of etcd as a cluster is restored from it: a data directory is made, and an etcd started there. */
export async function drillSnapshot(drilling: Drilling): Promise<Drilled> {
  const { step, job, manifest, notes } = drilling;
  const object = snapshotOf(manifest);
  if (object === undefined) throw new HoldfastError('Defect', `Backup ${manifest.id} holds no snapshot.`);
  if (job.drill.scratch !== undefined) return drillKeys(drilling);

  const tools = await notes.measure('start', () => findTools(drilling, object.plainBytes));
  const directory = await makeTiedDirectory(tmpdir(), 'holdfast-drill-');
  let throwaway: Throwaway | undefined;
  try {
    const file = join(directory.path, 'snapshot.db');
    await notes.measure('fetch', () => fetchFile(file, object, drilling));
    throwaway = await notes.measure('restore', () => openThrowaway(tools, file, step.signal));
    const { connection } = throwaway;
    step.onProgress({ phase: 'proving', records: 0, bytes: 0 });
    const records = await notes.measure('prove', () => compareKeys(connection, drilling));
    const { version } = tools.etcd;
    return { scratch: { kind: 'throwaway', program: 'etcd', version }, records, bytes: object.plainBytes };
  } finally {
    await notes.measure('clean', async () => {
      await throwaway?.close();
      await directory.remove();
    });
  }
}

async function findTools({ step, job, manifest }: Drilling, bytes: number) {
  const purpose = `to drill the backups of job ${job.name}`;
  const tools = await findThrowawayTools(purpose, step.signal);
  const { version } = tools.etcd;
  if (!canStartFrom(version, manifest.store.version)) {
    throw new HoldfastError(
      'ProgramMissing',
      `\`etcd\` ${manifest.store.version} or later is needed ${purpose}; ${tools.etcd.path} is version ${version}.`,
    );
  }
  const lack = await lackOfRoom(bytes);
  if (lack !== undefined) throw new HoldfastError('ProgramFailed', `No room ${purpose}: ${lack}.`);
  return tools;
}

async function fetchFile(path: string, object: DataObject, { step, job, storage }: Drilling): Promise<void> {
  const { signal, onProgress } = step;
  const identities = await readIdentities(job);
  const name = objectName(job.name, object.name);
  const options = { identities, address: `${storage.address}/${name}`, signal };
  await writePlainFile(path, byteSource(storage, name, signal), object, options, (bytes) =>
    onProgress({ phase: 'reading', records: 0, bytes, bytesTotal: object.plainBytes }),
  );
}

/** @returns how many keys are there */
async function compareKeys(
  connection: Throwaway['connection'],
  { step, manifest, notes }: Drilling,
): Promise<number> {
  const { signal } = step;
  const { moment, content, keyspace } = manifest;
  const { count, revision: newest } = await countKeys(connection, signal);
  notes.compare('revision', moment.index, newest);
  notes.compare('keys', String(content.records), count);
  if (keyspace === undefined) {
    notes.notCompared('HashKV', whyNoHash(manifest));
    return Number(count);
  }
  const { revision } = keyspace;
  const found = await connection.inTurn(signal, (server) =>
    server.call('Maintenance/HashKV', { revision }, signal),
  );
  if (found.compactRevision === keyspace.compactRevision) {
    notes.compare('HashKV', keyspace.hash, String(found.hash), `up to revision ${revision}`);
  } else {
    const why = `the file is compacted up to ${found.compactRevision}, the member was up to ${keyspace.compactRevision}`;
    notes.notCompared('HashKV', why);
  }
  return Number(count);
}
