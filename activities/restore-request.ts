import { z } from 'zod';
import type { Config, JobConfig } from '../config/config.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Manifest, Scope } from '../workflows/contract/manifest.ts';
import type { RestoreRequest } from '../workflows/contract/restore.ts';
import { jobOf } from './step.ts';

/** Strict: a misspelt `prefix` that is passed over would restore everything. */
const shape: z.ZodType<RestoreRequest> = z.strictObject({
  backup: z.exactOptional(z.string().min(1)),
  prefix: z.exactOptional(z.string()),
  toPrefix: z.exactOptional(z.string()),
  toJob: z.exactOptional(z.string().min(1)),
  mode: z.exactOptional(z.enum(['missing-only', 'overwrite', 'mirror'])),
  whole: z.exactOptional(z.boolean()),
  indices: z.exactOptional(z.string().min(1)),
  rename: z.exactOptional(z.string().min(1)),
  inPlace: z.exactOptional(z.enum(['close', 'delete'])),
  indexSettings: z.exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  keepLifecycle: z.exactOptional(z.boolean()),
  swapAliases: z.exactOptional(z.boolean()),
  approved: z.exactOptional(z.boolean()),
  noSafetyBackup: z.exactOptional(z.boolean()),
  dryRun: z.exactOptional(z.boolean()),
  requestId: z.exactOptional(z.string()),
});

/** People type requests: everything in one is looked at before anything is done. @throws BadRequest */
export function checkRequest(request: unknown): RestoreRequest {
  const result = shape.safeParse(request);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new HoldfastError(
    'BadRequest',
    `The request for a restore cannot be carried out: ${problems.join('; ')}.`,
  );
}

const forIndices = ['indices', 'rename', 'inPlace', 'indexSettings', 'keepLifecycle', 'swapAliases'] as const;

/** @throws BadRequest where a request for keys speaks of indices */
export function refuseIndices(request: RestoreRequest): void {
  const names = forIndices.filter((name) => request[name] !== undefined);
  if (names.length === 0) return;
  throw new HoldfastError('BadRequest', `The job stands for keys; ${names.join(', ')} is for indices.`);
}

/** @throws BadRequest where a request for indices speaks of all of Consul */
export function refuseWhole({ whole }: RestoreRequest): void {
  if (whole === true)
    throw new HoldfastError('BadRequest', 'The job stands for indices; whole is for Consul.');
}

/** The job whose store is written. @throws UnknownJob */
export function targetOf(config: Config, job: JobConfig, { toJob }: RestoreRequest): JobConfig {
  return toJob === undefined ? job : jobOf(config, toJob);
}

/** @throws BadRequest */
export function refuseOtherStore({ id, store }: Manifest, target: JobConfig): void {
  if (store.kind === target.store.kind) return;
  throw new HoldfastError(
    'BadRequest',
    `Backup ${id} is one of ${store.kind}, and job ${target.name} stands for ${target.store.kind}.`,
  );
}

/** Which keys are taken and where they are written. @throws BadRequest */
export function scopesOf(
  { prefix, toPrefix }: RestoreRequest,
  { id, scope }: Pick<Manifest, 'id' | 'scope'>,
  target: JobConfig,
): { readonly from: Scope; readonly to: Scope } {
  const from = prefix ?? scope.prefix;
  if (!startsWith(from, scope.prefix)) {
    throw new HoldfastError(
      'BadRequest',
      `Backup ${id} holds the keys under ${quote(scope.prefix)}; there is nothing of ${quote(from)} in it.`,
    );
  }
  const to = toPrefix ?? from;
  // Whoever names a prefix means it; in its absence a restore must not reach beyond what the other job stands for.
  if (toPrefix === undefined && !startsWith(to, target.scope.prefix)) {
    const part = startsWith(target.scope.prefix, from)
      ? `prefix (such as ${quote(target.scope.prefix)}) to take a part of the backup, or `
      : '';
    throw new HoldfastError(
      'BadRequest',
      `Job ${target.name} stands for the keys under ${quote(target.scope.prefix)}, and ${quote(to)} is outside: ` +
        `name ${part}toPrefix to say where the keys are to be written.`,
    );
  }
  return { from: { prefix: from }, to: { prefix: to } };
}

function startsWith(prefix: string, outer: string): boolean {
  const bytes = Buffer.from(outer);
  return Buffer.from(prefix).subarray(0, bytes.length).equals(bytes);
}

function quote(prefix: string): string {
  return prefix === '' ? 'the root' : JSON.stringify(prefix);
}
