import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Refusal } from '../refusal.ts';

/**
 * age's STREAM: chunks of 64 KiB, each sealed by ChaCha20-Poly1305 with a nonce of its number (11 bytes) and
 * 1 for the last chunk, 0 for the others. So a chunk can be opened alone, and a cut at a chunk's end is seen.
 */
const algorithm = 'chacha20-poly1305';
const tagBytes = 16;
const plainChunk = 64 * 1024;
const sealedChunk = plainChunk + tagBytes;

/** Encrypts a stream. One buffer out for each one in, as far as whole chunks go. */
export async function* encryptChunks(plain: AsyncIterable<Buffer>, key: Buffer): AsyncGenerator<Buffer> {
  let index = 0;
  let waiting: Buffer = Buffer.alloc(0);
  for await (const bytes of plain) {
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
    // The last chunk may be full, so a full one waits until more comes.
    const sealed: Buffer[] = [];
    let at = 0;
    for (; waiting.length - at > plainChunk; at += plainChunk) {
      sealed.push(...sealChunk(key, index, false, waiting.subarray(at, at + plainChunk)));
      index += 1;
    }
    // A copy: the piece is lent until the next one.
    waiting = Buffer.from(waiting.subarray(at));
    if (sealed.length > 0) yield Buffer.concat(sealed);
  }
  yield Buffer.concat(sealChunk(key, index, true, waiting));
}

function sealChunk(key: Buffer, index: number, last: boolean, plain: Buffer): readonly Buffer[] {
  const cipher = createCipheriv(algorithm, key, nonceOf(index, last), { authTagLength: tagBytes });
  return [cipher.update(plain), cipher.final(), cipher.getAuthTag()];
}

/** Plain bytes inside a payload of that many bytes. A size that no payload can have is refused. */
export function plainSize(payloadBytes: number, refuse: Refusal): number {
  const chunks = chunkCount(payloadBytes);
  const plain = payloadBytes - chunks * tagBytes;
  // Only the first chunk may be empty.
  if (chunks === 0 || plain <= (chunks - 1) * plainChunk - (chunks === 1 ? 1 : 0)) {
    throw refuse('has an encrypted payload of an impossible size');
  }
  return plain;
}

function chunkCount(payloadBytes: number): number {
  return Math.ceil(payloadBytes / sealedChunk);
}

/** The chunks that cover a range of plain bytes, as a range of payload bytes. */
export interface Cover {
  readonly firstChunk: number;
  readonly start: number;
  readonly end: number;
  /** Plain bytes of the first chunk that are before the range. */
  readonly skip: number;
}

export function coverOf(plainStart: number, plainEnd: number, payloadBytes: number): Cover {
  const firstChunk = Math.floor(plainStart / plainChunk);
  const endChunk = Math.max(firstChunk + 1, Math.ceil(plainEnd / plainChunk));
  return {
    firstChunk,
    start: firstChunk * sealedChunk,
    end: Math.min(endChunk * sealedChunk, payloadBytes),
    skip: plainStart - firstChunk * plainChunk,
  };
}

/** Decrypts chunks from `firstChunk` on, out of a payload of `payloadBytes` in all. */
export async function* decryptChunks(
  sealed: AsyncIterable<Buffer>,
  key: Buffer,
  firstChunk: number,
  payloadBytes: number,
  refuse: Refusal,
): AsyncGenerator<Buffer> {
  const lastChunk = chunkCount(payloadBytes) - 1;
  let index = firstChunk;
  let waiting: Buffer = Buffer.alloc(0);
  for await (const bytes of sealed) {
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
    const plain: Buffer[] = [];
    let at = 0;
    while (index <= lastChunk) {
      const length = index === lastChunk ? payloadBytes - index * sealedChunk : sealedChunk;
      if (waiting.length - at < length) break;
      plain.push(openChunk(key, index, index === lastChunk, waiting.subarray(at, at + length), refuse));
      index += 1;
      at += length;
    }
    waiting = waiting.subarray(at);
    if (plain.length > 0) yield Buffer.concat(plain);
  }
}

function openChunk(key: Buffer, index: number, last: boolean, sealed: Buffer, refuse: Refusal): Buffer {
  const decipher = createDecipheriv(algorithm, key, nonceOf(index, last), { authTagLength: tagBytes });
  const body = sealed.length - tagBytes;
  decipher.setAuthTag(sealed.subarray(body));
  try {
    const plain = decipher.update(sealed.subarray(0, body));
    decipher.final();
    return plain;
  } catch (cause) {
    throw refuse(`has a damaged chunk of ciphertext (number ${index})`, cause);
  }
}

function nonceOf(index: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(index, 5, 6);
  nonce.writeUInt8(last ? 1 : 0, 11);
  return nonce;
}
