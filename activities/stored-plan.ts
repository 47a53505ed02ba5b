import { readLines } from '../archive/reader.ts';
import { objectName } from '../storage/layout.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { free } from '../workflows/contract/memory.ts';
import type { Plan, PlanLine } from '../workflows/contract/restore.ts';
import { byteSource } from './open.ts';
import type { RestoreSources } from './restore-sources.ts';

/**
 * The lines of a stored plan, a frame of it at a time. Its digest, the one that was approved, is checked before the
 * first line is handed on: the object is read twice.
 *
 * @throws ObjectMissing, ArchiveCorrupt, DecryptFailed
 */
export async function* readPlan(
  { job, storage, identities }: Pick<RestoreSources, 'job' | 'storage' | 'identities'>,
  { object, digest }: Plan,
  signal: AbortSignal,
): AsyncGenerator<readonly PlanLine[]> {
  const name = objectName(job.name, object);
  const address = `${storage.address}/${name}`;
  const found = await storage.head(name, signal);
  if (found === undefined) throw new HoldfastError('ObjectMissing', `The plan ${address} is gone.`);

  const facts = {
    compression: 'zstd',
    encryption: object.endsWith('.age') ? 'age' : 'none',
    storedBytes: found.bytes,
    plainSha256: digest,
  } as const;
  const read = (): AsyncGenerator<Buffer> =>
    readLines(byteSource(storage, name, signal), facts, { identities, address, signal });
  for await (const lines of read()) free(lines);
  for await (const lines of read()) {
    // As one JSON text, which is parsed faster than many; a newline stands nowhere but at the end of a line.
    const items = lines.toString('utf8', 0, lines.length - 1).replaceAll('\n', ',');
    free(lines);
    yield JSON.parse(`[${items}]`) as readonly PlanLine[];
  }
}
