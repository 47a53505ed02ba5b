import { randomUUID } from 'node:crypto';
import {
  holdsIndices,
  keepsOwnBackups,
  openStore,
  type SearchJob,
  withDocuments,
  withRepository,
} from '../../activities/open.ts';
import type { JobConfig } from '../../config/config.ts';
import type { KeyStore, Write } from '../../stores/store.ts';
import { catalogue, HoldfastError } from '../../workflows/contract/errors.ts';
import type { StoreDescription } from '../../workflows/contract/manifest.ts';
import { failed, type Finding, ok, warning } from './finding.ts';
import { readFirst } from './first.ts';

const check = 'store';

/** Reaches the store, reads a little as a backup does, and asks for a write that cannot happen. @throws what stores throw */
export async function checkStore(job: JobConfig, signal: AbortSignal): Promise<readonly Finding[]> {
  return holdsIndices(job) ? checkIndices(job, signal) : checkKeys(job, signal);
}

async function checkKeys(job: JobConfig, signal: AbortSignal): Promise<readonly Finding[]> {
  const store = openStore(job);
  try {
    const reached = ok(check, whoAnswers(await store.describe(signal)));
    const reading = await found('rights to back up', async () => {
      const { records } = await store.read(job.scope, signal);
      // The first batch is proof enough; the rest of a large store is left unread.
      await readFirst(records);
      return ok('rights to back up', `may read ${scopeText(job)}`);
    });
    return [reached, reading, await checkWriting(store, job, signal)];
  } finally {
    await store.close();
  }
}

/**
 * Servers look at rights before they look at guards: a write guarded by an index that a key which is not there cannot
 * have tells whether one may write, and changes nothing.
 */
async function checkWriting(store: KeyStore, { scope }: JobConfig, signal: AbortSignal): Promise<Finding> {
  const key = Buffer.from(`${scope.prefix}holdfast-doctor-${randomUUID()}`);
  const record = { key, value: Buffer.from('never written'), attributes: attributesOf(store), meta: {} };
  const write: Write = { op: 'set', record, seen: '1' };
  const title = 'rights to restore';
  let refusal: string | undefined;
  try {
    await store.write(oneBatch(write), {
      signal,
      onOutcome: (_write, outcome, reason) => {
        if (outcome === 'refused') refusal = reason ?? 'refused';
      },
    });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'StoreRefused') throw error;
    refusal = error.message;
  }
  if (refusal === undefined)
    return ok(title, `may write ${key.toString().replace(/holdfast-doctor-.*/, '…')}`);
  return warning(
    title,
    `may not write: ${refusal}`,
    'Backups need no more. Before a restore, give the job credentials that may write: docs/restoring.md.',
  );
}

function attributesOf({ kind }: KeyStore): Readonly<Record<string, string>> {
  return kind === 'consul' ? { flags: '0' } : {};
}

// eslint-disable-next-line @typescript-eslint/require-await -- the contract of a store is an asynchronous iterable
async function* oneBatch(write: Write): AsyncGenerator<readonly Write[]> {
  yield [write];
}

async function checkIndices(job: JobConfig & SearchJob, signal: AbortSignal): Promise<readonly Finding[]> {
  if (!keepsOwnBackups(job)) {
    return withDocuments(job, async (store) => [ok(check, whoAnswers(await store.describe(signal)))]);
  }
  return withRepository(job, async (store) => {
    const reached = ok(check, whoAnswers(await store.describe(signal)));
    const { name } = job.store.elasticsearch.repository;
    return [
      reached,
      await found('repository', async () => {
        const { length } = await store.listOwn(signal);
        return ok('repository', `${name}: it holds ${length} snapshots of this job`);
      }),
    ];
  });
}

async function found(title: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return failed(title, error.message, catalogue[error.code].action);
  }
}

function whoAnswers({ kind, version, address, details }: StoreDescription): string {
  const facts = ['datacenter', 'cluster', 'clusterId'].flatMap((name) =>
    details[name] === undefined ? [] : [`${name} ${details[name]}`],
  );
  return [`${kind} ${version} at ${address}`, ...facts].join(', ');
}

function scopeText({ scope }: JobConfig): string {
  return scope.prefix === '' ? 'every key' : `every key under ${JSON.stringify(scope.prefix)}`;
}
