import { createHash } from 'node:crypto';
import type { Objects } from '../../storage/s3/objects.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Io } from '../io.ts';
import { createProgressLine } from '../progress.ts';

export interface Stored {
  readonly address: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Stores a stream, and reads it back: nobody's word is taken for it. @throws VerifyFailed */
export async function putProven(
  objects: Objects,
  key: string,
  source: AsyncIterable<Buffer>,
  allowEmpty: boolean,
  io: Io,
): Promise<Stored> {
  const line = createProgressLine(io);
  const address = objects.addressOf(key);
  const sent = createHash('sha256');
  let bytes = 0;

  async function* watched(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      sent.update(chunk);
      bytes += chunk.length;
      line.update({ phase: 'reading', records: 0, bytes });
      yield chunk;
    }
    if (bytes > 0 || allowEmpty) return;
    throw new HoldfastError(
      'BadRequest',
      `Nothing came for ${address}. If an empty object is meant, say --allow-empty.`,
    );
  }

  try {
    await objects.put(key, watched(), { signal: io.signal });
    const wanted = sent.digest('hex');
    const found = createHash('sha256');
    let read = 0;
    for await (const chunk of objects.get(key, { signal: io.signal })) {
      found.update(chunk);
      read += chunk.length;
      line.update({ phase: 'verifying', records: 0, bytes: read, bytesTotal: bytes });
    }
    const sha256 = found.digest('hex');
    if (sha256 === wanted) return { address, bytes, sha256 };
    throw new HoldfastError(
      'VerifyFailed',
      `${address} reads back as ${read} bytes with the SHA-256 ${sha256}; sent were ${bytes} with ${wanted}. ` +
        'It is still there: do not rely on it.',
    );
  } finally {
    line.clear();
  }
}
