import { readBytes } from '../archive/bytes.ts';
import type { JobConfig } from '../config/config.ts';
import { findBackup } from '../storage/find.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { compareWhole, createWholeSide, type WholeComparison } from '../stores/consul/compare.ts';
import { readFile } from '../stores/consul/file/read.ts';
import { createInventory } from '../stores/consul/inventory.ts';
import type { ConsulSettings } from '../stores/consul/settings.ts';
import { openWholeConsul, type WholeConsul } from '../stores/consul/whole.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { DataObject, Manifest } from '../workflows/contract/manifest.ts';
import { free } from '../workflows/contract/memory.ts';
import type { Plan } from '../workflows/contract/restore.ts';
import { byteSource, readIdentities, withStorage } from './open.ts';
import { refuseOtherStore } from './restore-request.ts';
import { jobOf, type Step } from './step.ts';

type Phase = 'planning' | 'writing' | 'proving';

/** What plan, change and proof of a restore of all of Consul work on. */
export interface WholeSources {
  readonly job: JobConfig;
  readonly target: JobConfig;
  readonly storage: Storage;
  readonly manifest: Manifest;
  readonly object: DataObject;
  readonly identities: readonly string[];
}

export async function withWholeSources<Result>(
  step: Step,
  wanted: { readonly job: JobConfig; readonly target: JobConfig; readonly backup: string },
  work: (sources: WholeSources) => Promise<Result>,
): Promise<Result> {
  const { job, target, backup } = wanted;
  const identities = await readIdentities(job);
  return withStorage(job, async (storage) => {
    const { manifest } = await findBackup(storage, job.name, backup, step.signal);
    refuseOtherStore(manifest, target);
    const object = manifest.objects.find(({ format }) => format === 'consul.snap');
    if (object === undefined) {
      throw new HoldfastError(
        'BadRequest',
        `Backup ${manifest.id} of ${job.name} is no snapshot of all of Consul (\`mode: snapshot\`), so nothing but its ` +
          'keys can be restored: leave out `whole`.',
      );
    }
    return work({ job, target, storage, manifest, object, identities });
  });
}

/** The same for a plan that was made before. */
export async function withPlannedWhole<Result>(
  step: Step,
  { job, toJob, backup }: Plan,
  work: (sources: WholeSources) => Promise<Result>,
): Promise<Result> {
  const wanted = { job: jobOf(step.config, job), target: jobOf(step.config, toJob), backup };
  return withWholeSources(step, wanted, work);
}

export function consulOf({ store }: JobConfig): ConsulSettings {
  if (store.kind === 'consul') return store.consul;
  throw new HoldfastError('Defect', 'A restore of all of Consul was planned for another store.');
}

/** The snapshot and the living Consul, side by side. */
export async function compareNow(step: Step, sources: WholeSources, phase: Phase): Promise<WholeComparison> {
  const { storage, object, job } = sources;
  const consul =
    phase === 'planning' ? openWholeConsul(consulOf(sources.target)) : await openRestored(step, sources);
  const live = await consul.snapshot(step.signal).catch((error: unknown) => {
    consul.close();
    throw error;
  });
  const address = `${storage.address}/${objectName(job.name, object.name)}`;
  const backup = createWholeSide(openPlain(step, sources, phase), address);
  return compareWhole(
    createWholeSide(live.bytes, `The snapshot of Consul at ${live.store.address}`),
    backup,
    () => consul.close(),
  );
}

export async function* openPlain(
  step: Step,
  { storage, job, object, identities }: WholeSources,
  phase: Phase,
): AsyncGenerator<Buffer> {
  const name = objectName(job.name, object.name);
  const address = `${storage.address}/${name}`;
  const source = byteSource(storage, name, step.signal);
  let bytes = 0;
  for await (const chunk of readBytes(source, object, { identities, address, signal: step.signal })) {
    bytes += chunk.length;
    yield chunk;
    free(chunk);
    step.onProgress({ phase, records: 0, bytes, bytesTotal: object.plainBytes });
  }
}

/**
 * The Consul of the target after its restore was begun: by the token of the job; or, where that has ended with the
 * restore, by a management token of the backup, which whoever restores it holds anyway.
 */
export async function openRestored(step: Step, sources: WholeSources): Promise<WholeConsul> {
  const settings = consulOf(sources.target);
  const own = openWholeConsul(settings);
  try {
    if ((await own.tokenState(step.signal)) !== 'unknown') return own;
  } catch (error) {
    own.close();
    throw error;
  }
  const token = await managementTokenOf(step, sources);
  if (token === undefined) return own;
  own.close();
  return openWholeConsul({ ...settings, token });
}

async function managementTokenOf(step: Step, sources: WholeSources): Promise<string | undefined> {
  const inventory = createInventory();
  const { records } = readFile(openPlain(step, sources, 'proving'), sources.object.name, inventory);
  while ((await records.next()).done !== true);
  return inventory.managementToken();
}
