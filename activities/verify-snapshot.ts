import { readBytes } from '../archive/bytes.ts';
import { objectName } from '../storage/layout.ts';
import type { Storage } from '../storage/storage.ts';
import { free } from '../workflows/contract/memory.ts';
import type { Check, DataObject } from '../workflows/contract/manifest.ts';
import { byteSource } from './open.ts';
import { proveFile } from './file-proof.ts';
import { type ProvableSnapshot, type Reader, withHashProof } from './hash-proof.ts';

/**
 * Reads a snapshot back: sizes and digests, so it is the file whose own digests were right when it came. One of Consul
 * is checked once more for what it holds; of one of etcd, where the worker has its programs, the hash of the keys is
 * that of the member it came from.
 *
 * @throws ArchiveCorrupt, DecryptFailed, VerifyFailed where the keys of etcd differ from those of the member
 */
export async function verifySnapshot(
  step: Reader,
  storage: Storage,
  captured: ProvableSnapshot,
  object: DataObject,
  identities: readonly string[],
): Promise<readonly Check[]> {
  const name = objectName(captured.job, object.name);
  const address = `${storage.address}/${name}`;
  const source = byteSource(storage, name, step.signal);
  const plain = readBytes(source, object, { identities, address, signal: step.signal });
  if (object.format === 'consul.snap') return [await proveFile(step, captured, object, plain, address)];
  const check = await withHashProof(step, captured, object.plainBytes, async (write) => {
    let bytes = 0;
    for await (const chunk of plain) {
      await write(chunk);
      bytes += chunk.length;
      free(chunk);
      step.onProgress({ phase: 'verifying', records: 0, bytes, bytesTotal: object.plainBytes });
    }
  });
  return [check];
}
