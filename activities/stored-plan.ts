import { readLines } from '../archive/reader.ts';
import { objectName } from '../storage/layout.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Plan, PlanLine } from '../workflows/contract/restore.ts';
import { byteSource } from './open.ts';
import type { RestoreSources } from './restore-sources.ts';

/**
 * The lines of a stored plan. Its digest, the one that was approved, is checked before the first line is handed on:
 * the object is read twice.
 *
 * @throws ObjectMissing, ArchiveCorrupt, DecryptFailed
 */
export async function* readPlan(
  { job, storage, identities }: RestoreSources,
  { object, digest }: Plan,
  signal: AbortSignal,
): AsyncGenerator<PlanLine> {
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
  await drain(read());
  for await (const lines of read()) {
    // The newline at the end leaves an empty text behind it.
    for (const line of lines.toString('utf8').split('\n').slice(0, -1)) yield JSON.parse(line) as PlanLine;
  }
}

async function drain(stream: AsyncGenerator): Promise<void> {
  while ((await stream.next()).done !== true);
}
