const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** What is being read needs bytes that have not come yet. One instance, since it is thrown once a chunk. */
export const incomplete = new Error('incomplete');
/** The bytes are not what was to be read. */
export const malformed = new Error('malformed');

/**
 * Steps through JSON as bytes. Every method reads at `position` and goes past what it read, or throws `incomplete`
 * or `malformed`. A class: its fields are what the innermost loops live on.
 */
export class JsonBytes {
  bytes: Buffer = Buffer.alloc(0);
  position = 0;
  /** Of the string read last: whether it had a backslash. */
  escaped = false;
  /** Of the exact bytes read last: whether the writer put something else for bytes that it could not write. */
  replaced = false;

  private lastNumber = 0;
  private lastDigits = '0';

  /** The next byte that is not white space; `position` stays on it. */
  peek(): number {
    const { bytes } = this;
    for (; this.position < bytes.length; this.position++) {
      const byte = bytes[this.position] ?? 0;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    throw incomplete;
  }

  expect(byte: number): void {
    if (this.peek() !== byte) throw malformed;
    this.position++;
  }

  /** Goes past a string and gives where its text begins; it ends before the quote at `position - 1`. */
  string(): number {
    this.expect(quote);
    const { bytes, position: start } = this;
    this.escaped = false;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        this.position = at + 1;
        return start;
      }
      if (byte === backslash) {
        this.escaped = true;
        at++;
      }
    }
    throw incomplete;
  }

  text(): string {
    const start = this.string();
    return this.escaped ? this.unescape(start) : this.raw(start);
  }

  /** The text of the string read last, as it stands. */
  raw(start: number): string {
    return this.bytes.toString('utf8', start, this.position - 1);
  }

  /** The text of the string read last, without escapes. */
  unescape(start: number): string {
    try {
      const text: unknown = JSON.parse(`"${this.raw(start)}"`);
      if (typeof text === 'string') return text;
    } catch {
      // Told below.
    }
    throw malformed;
  }

  /**
   * A string as the bytes it stands for. Go writes a byte that is not UTF-8 as the six characters `\ufffd`, and a
   * U+FFFD that stands in the text as its three bytes (encoding/json, appendString), so the two can be told apart.
   */
  exactBytes(): Buffer {
    const start = this.string();
    this.replaced = false;
    if (!this.escaped) return this.bytes.subarray(start, this.position - 1);
    const text = this.unescape(start);
    this.replaced = !text.isWellFormed() || /(?<!\\)(?:\\\\)*\\ufffd/i.test(this.raw(start));
    return Buffer.from(text, 'utf8');
  }

  /** Goes past a string of base64, or null; gives where its text begins, as `string` does, and -1 for null. */
  base64OrNull(): number {
    if (this.peek() !== quote) {
      this.word('null');
      return -1;
    }
    const start = this.position + 1;
    // Base64 has neither quotes nor backslashes: the native search passes over large values.
    const end = this.bytes.indexOf(quote, start);
    if (end === -1) throw incomplete;
    this.position = end + 1;
    return start;
  }

  /** A whole number as decimal digits. The last one but 0 is kept: a key that was written once has the same index twice. */
  number(): string {
    this.peek();
    const { bytes, position: start } = this;
    let at = start;
    let sum = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x30 || byte > 0x39) break;
      sum = sum * 10 + byte - 0x30;
    }
    if (at === bytes.length) throw incomplete;
    if (at === start || (bytes[start] === 0x30 && at > start + 1)) throw malformed;
    this.position = at;
    if (sum === 0) return '0';
    if (sum > Number.MAX_SAFE_INTEGER) return bytes.toString('latin1', start, at);
    if (sum !== this.lastNumber) {
      this.lastNumber = sum;
      this.lastDigits = String(sum);
    }
    return this.lastDigits;
  }

  /** Goes past this name and its colon, or stays and gives false where another name stands. */
  named(name: Buffer): boolean {
    const { bytes, position } = this;
    for (let at = 0; at < name.length; at++) {
      if (position + at === bytes.length) throw incomplete;
      if (bytes[position + at] !== name[at]) return false;
    }
    this.position += name.length;
    this.expect(colon);
    return true;
  }

  /** Goes past any name and its value. */
  skipField(): void {
    this.string();
    this.expect(colon);
    this.skip();
  }

  private skip(): void {
    const first = this.peek();
    if (first === quote) this.string();
    else if (first === openBrace || first === openBracket) this.skipNested();
    else if (first === 0x6e) this.word('null');
    else if (first === 0x74) this.word('true');
    else if (first === 0x66) this.word('false');
    else this.number();
  }

  private skipNested(): void {
    let depth = 0;
    do {
      const byte = this.peek();
      if (byte === quote) {
        this.string();
        continue;
      }
      if (byte === openBrace || byte === openBracket) depth++;
      else if (byte === closeBrace || byte === closeBracket) depth--;
      this.position++;
    } while (depth > 0);
  }

  private word(text: 'null' | 'true' | 'false'): void {
    const end = this.position + text.length;
    if (end > this.bytes.length) throw incomplete;
    if (this.bytes.toString('latin1', this.position, end) !== text) throw malformed;
    this.position = end;
  }
}
