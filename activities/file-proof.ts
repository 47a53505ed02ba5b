import { isDeepStrictEqual } from 'node:util';
import { createFileCheck } from '../stores/consul/file/check.ts';
import type { Check, DataObject } from '../workflows/contract/manifest.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { free } from '../workflows/contract/memory.ts';
import type { ProvableSnapshot, Reader } from './hash-proof.ts';

export const fileCheck = 'SHA256SUMS';

/**
 * Reads a snapshot of Consul to its end, as Consul does before it restores one, and counts what is in it.
 *
 * @throws ArchiveCorrupt
 */
export async function proveFile(
  step: Reader,
  { consul }: Pick<ProvableSnapshot, 'consul'>,
  object: DataObject,
  plain: AsyncIterable<Buffer>,
  address: string,
): Promise<Check> {
  const refuse = (what: string, cause?: unknown): HoldfastError =>
    new HoldfastError('ArchiveCorrupt', `${address} ${what}.`, {
      ...(cause === undefined ? {} : { cause }),
      details: { address },
    });
  const check = createFileCheck({}, refuse);
  let bytes = 0;
  for await (const chunk of plain) {
    await check.take(chunk);
    bytes += chunk.length;
    free(chunk);
    step.onProgress({ phase: 'verifying', records: 0, bytes, bytesTotal: object.plainBytes });
  }
  const found = await check.end();
  if (consul !== undefined && !isDeepStrictEqual(found, { ...consul })) {
    throw refuse(`holds ${JSON.stringify(found)}, and held ${JSON.stringify(consul)} when it was captured`);
  }
  const things = Object.entries(found.counts).map(([kind, count]) => `${count} ${kind}`);
  return {
    name: fileCheck,
    outcome: 'equal',
    detail: `of meta.json and state.bin, read back, which hold ${things.join(', ')}`,
  };
}
