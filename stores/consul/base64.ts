const padding = 0x3d;
const invalid = 0xff;
const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const sixBits = new Uint8Array(256).fill(invalid);
for (const [index, character] of alphabet.entries()) sixBits[character] = index;

/** Below this, calling the native decoder costs more than decoding. */
const shortText = 96;

/** The bytes that the base64 text from `start` to before `end` stands for; `undefined` where it is not base64. */
export function decodeBase64(text: Buffer, start: number, end: number): Buffer | undefined {
  const length = end - start;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return Buffer.alloc(0);
  const padded = text[end - 1] !== padding ? 0 : text[end - 2] !== padding ? 1 : 2;
  const decodedLength = (length / 4) * 3 - padded;
  if (length <= shortText) return decodeShort(text, start, end - padded, decodedLength);
  const decoded = Buffer.from(text.toString('latin1', start, end), 'base64');
  // Node passes over characters that are not base64, and gives fewer bytes then.
  return decoded.length === decodedLength ? decoded : undefined;
}

function decodeShort(text: Buffer, start: number, end: number, length: number): Buffer | undefined {
  const decoded = Buffer.allocUnsafe(length);
  let bits = 0;
  let count = 0;
  let written = 0;
  for (let at = start; at < end; at++) {
    const six = sixBits[text[at] ?? 0] ?? invalid;
    if (six === invalid) return undefined;
    bits = ((bits << 6) | six) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded[written++] = bits >> count;
    }
  }
  return decoded;
}
