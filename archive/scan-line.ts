import { isUtf8 } from 'node:buffer';
import { isSorted, isStrings, reserved } from './record.ts';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const newline = 0x0a;
const head = Buffer.from('{"key":"');
const text = Buffer.from(',"text":"');
const nullText = Buffer.from(',"text":null');
const base64 = Buffer.from(',"base64":"');
const metaHead = Buffer.from(',"meta":');

/** The byte that a letter behind a backslash stands for. `\u` and what is never written are left to `decodeRecord`. */
const unescaped = new Uint8Array(256);
for (const pair of ['""', '\\\\', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  unescaped[pair.charCodeAt(0)] = pair.charCodeAt(1);
}

export type Pairs = Readonly<Record<string, string>>;

/**
 * Tells the parts of lines that stand in the very form in which encode-line.ts writes them, without making anything of
 * them. What has any other form is left to `decodeRecord`, which takes whatever JSON means the same, and tells what is
 * wrong with the rest. Bytes must be UTF-8 and end with a newline.
 *
 * A class: its fields are what the innermost loops live on. They are those of the last line that was in this form.
 */
export class LineScan {
  /** The inside of the key's string, and how many escapes are in it. */
  keyStart = 0;
  keyEnd = 0;
  keyEscapes = 0;
  attributes: Pairs = {};
  value: 'text' | 'base64' | 'null' = 'null';
  /** The inside of the value's string, if it is one. */
  valueStart = 0;
  valueEnd = 0;
  valueEscapes = 0;
  /** What a value of base64 stands for. */
  decoded: Buffer = Buffer.alloc(0);
  /** Behind the value: what the content digest covers ends here. */
  fieldsEnd = 0;
  /** From the opening to behind the closing brace of `meta`. */
  metaStart = 0;
  metaEnd = 0;

  private escapes = 0;
  private lastAttributes = Buffer.alloc(0);

  /** Whether the line that starts here is in that form. */
  scan(line: Buffer, start: number): boolean {
    if (!isAt(line, start, head)) return false;
    this.keyStart = start + head.length;
    this.keyEnd = this.stringEnd(line, this.keyStart);
    if (this.keyEnd < 0) return false;
    this.keyEscapes = this.escapes;
    const valueAt = this.scanAttributes(line, this.keyEnd + 1);
    if (valueAt < 0) return false;
    this.fieldsEnd = this.scanValue(line, valueAt);
    if (this.fieldsEnd < 0 || !isAt(line, this.fieldsEnd, metaHead)) return false;
    this.metaStart = this.fieldsEnd + metaHead.length;
    this.metaEnd = plainPairsEnd(line, this.metaStart);
    return this.metaEnd >= 0 && line[this.metaEnd] === closeBrace && line[this.metaEnd + 1] === newline;
  }

  /** Where the newline of the line stands. */
  get lineEnd(): number {
    return this.metaEnd + 1;
  }

  /** Bytes of key and value. */
  get bytes(): number {
    const key = this.keyEnd - this.keyStart - this.keyEscapes;
    if (this.value === 'null') return key;
    if (this.value === 'base64') return key + this.decoded.length;
    return key + this.valueEnd - this.valueStart - this.valueEscapes;
  }

  /** Where the string ends whose inside starts here: at its closing quote; -1 where it is not as it is written. */
  private stringEnd(line: Buffer, start: number): number {
    let escapes = 0;
    for (let at = start; at < line.length; at++) {
      const byte = line[at] ?? 0;
      if (byte === quote) {
        this.escapes = escapes;
        return at;
      }
      if (byte < 0x20) return -1;
      if (byte === backslash) {
        if (unescaped[line[++at] ?? 0] === 0) return -1;
        escapes++;
      }
    }
    return -1;
  }

  /** Goes past members of plain strings to the value; -1 where they are not as they are written. */
  private scanAttributes(line: Buffer, start: number): number {
    // Neighbours mostly have the same.
    const last = this.lastAttributes;
    if (isAt(line, start, last) && isValue(line, start + last.length)) return start + last.length;
    let at = start;
    while (!isValue(line, at)) {
      at = line[at] === comma ? plainPairEnd(line, at + 1) : -1;
      if (at < 0) return -1;
    }
    const attributes = canonicalAttributes(`{${line.toString('utf8', start + 1, at)}}`);
    if (attributes === undefined) return -1;
    this.attributes = attributes;
    this.lastAttributes = Buffer.from(line.subarray(start, at));
    return at;
  }

  /** Goes past the member of the value; -1 where it is not as it is written. */
  private scanValue(line: Buffer, start: number): number {
    if (isAt(line, start, text)) {
      this.value = 'text';
      this.valueStart = start + text.length;
      this.valueEnd = this.stringEnd(line, this.valueStart);
      this.valueEscapes = this.escapes;
      return this.valueEnd < 0 ? -1 : this.valueEnd + 1;
    }
    if (isAt(line, start, nullText)) {
      this.value = 'null';
      return start + nullText.length;
    }
    this.value = 'base64';
    this.valueStart = start + base64.length;
    this.valueEnd = line.indexOf(quote, this.valueStart);
    if (this.valueEnd < 0) return -1;
    const encoded = line.toString('latin1', this.valueStart, this.valueEnd);
    this.decoded = Buffer.from(encoded, 'base64');
    // What is text is written as text.
    const canonical = this.decoded.toString('base64') === encoded && !isUtf8(this.decoded);
    return canonical ? this.valueEnd + 1 : -1;
  }
}

/** What the inside of a string that was scanned stands for; a view where it has no escapes. */
export function unescape(line: Buffer, start: number, end: number, escapes: number): Buffer {
  if (escapes === 0) return line.subarray(start, end);
  const result = Buffer.allocUnsafe(end - start - escapes);
  let to = 0;
  for (let at = start; at < end; at++) {
    const byte = line[at] ?? 0;
    result[to++] = byte === backslash ? (unescaped[line[++at] ?? 0] ?? 0) : byte;
  }
  return result;
}

function isValue(line: Buffer, at: number): boolean {
  return isAt(line, at, text) || isAt(line, at, nullText) || isAt(line, at, base64);
}

/** Behind the object of plain strings that opens here; -1 where something else stands. */
function plainPairsEnd(line: Buffer, start: number): number {
  if (line[start] !== openBrace) return -1;
  if (line[start + 1] === closeBrace) return start + 2;
  let at = start;
  do {
    at = plainPairEnd(line, at + 1);
    if (at < 0) return -1;
  } while (line[at] === comma);
  return line[at] === closeBrace ? at + 1 : -1;
}

function plainPairEnd(line: Buffer, start: number): number {
  const nameEnd = plainStringEnd(line, start);
  return nameEnd < 0 || line[nameEnd] !== colon ? -1 : plainStringEnd(line, nameEnd + 1);
}

/** Behind the closing quote of a string without escapes that opens here; -1 where there is none. */
function plainStringEnd(line: Buffer, start: number): number {
  if (line[start] !== quote) return -1;
  for (let at = start + 1; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte < 0x20 || byte === backslash) return -1;
  }
  return -1;
}

/** The digest of the content covers the bytes as they stand, so they must be the ones that are written for it. */
function canonicalAttributes(json: string): Pairs | undefined {
  const pairs: unknown = JSON.parse(json);
  if (!isStrings(pairs) || !isSorted(pairs)) return undefined;
  if (JSON.stringify(pairs) !== json) return undefined;
  return Object.keys(pairs).some((name) => reserved.has(name)) ? undefined : pairs;
}

function isAt(line: Buffer, start: number, bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    if (line[start + at] !== bytes[at]) return false;
  }
  return true;
}
