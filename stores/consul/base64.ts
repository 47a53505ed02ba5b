const padding = 0x3d;
const invalid = 0xff;
const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const sixBits = new Uint8Array(256).fill(invalid);
for (const [index, character] of alphabet.entries()) sixBits[character] = index;

/** Below this, calling the native decoder costs more than decoding. */
const shortText = 96;

/**
 * Puts the bytes that the base64 text from `start` to before `end` stands for in the place of the text, which they are
 * shorter than, and gives them; `undefined` where it is not base64. So no value takes memory of its own.
 */
export function decodeBase64(text: Buffer, start: number, end: number): Buffer | undefined {
  const length = end - start;
  if (length % 4 !== 0) return undefined;
  const padded = length === 0 || text[end - 1] !== padding ? 0 : text[end - 2] !== padding ? 1 : 2;
  const decodedLength = (length / 4) * 3 - padded;
  if (length <= shortText) return decodeShort(text, start, end - padded);
  const written = text.write(text.toString('latin1', start, end), start, decodedLength, 'base64');
  // Node passes over characters that are not base64, and gives fewer bytes then.
  return written === decodedLength ? text.subarray(start, start + written) : undefined;
}

function decodeShort(text: Buffer, start: number, end: number): Buffer | undefined {
  let bits = 0;
  let count = 0;
  let to = start;
  for (let at = start; at < end; at++) {
    const six = sixBits[text[at] ?? 0] ?? invalid;
    if (six === invalid) return undefined;
    bits = ((bits << 6) | six) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      text[to++] = bits >> count;
    }
  }
  return text.subarray(start, to);
}
