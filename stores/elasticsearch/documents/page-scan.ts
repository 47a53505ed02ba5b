import { isUtf8 } from 'node:buffer';
import type { IndexDocument } from '../../../workflows/contract/document.ts';

/** A document as an answer of `_search` or `_mget` shows it. */
export interface Hit extends Omit<IndexDocument, 'source'> {
  /** Absent where there is no such document, or where it came without. */
  readonly source: Buffer | undefined;
  /** By which its next write can be guarded: `<sequence number>.<primary term>`. */
  readonly seen: string;
  /** Of `_mget`: why it could not be looked up. */
  readonly error: string | undefined;
}

/** An answer of `_search`. */
export interface Page {
  /** The answer without its hits, as JSON. */
  readonly frame: string;
  readonly documents: readonly IndexDocument[];
  /** `sort` of the last hit, as JSON: where the next page begins. */
  readonly last: string | undefined;
  /** The first hit that came without its source. */
  readonly withoutSource: string | undefined;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const slash = 0x2f;
const star = 0x2a;
const newline = 0x0a;

/** What a byte outside of strings is: nothing special, a piece of structure, or nothing that strict JSON on a line has. */
const plain = 0;
const string = 1;
const opening = 2;
const closing = 3;
const odd = 4;
const kinds = new Uint8Array(256).fill(odd);
for (const byte of Buffer.from(' \t\r0123456789+-.eEtrufalsn,:')) kinds[byte] = plain;
kinds[quote] = string;
for (const byte of [openBrace, openBracket]) kinds[byte] = opening;
for (const byte of [closeBrace, closeBracket]) kinds[byte] = closing;

/**
 * Cuts an answer of `_search` apart without parsing its sources: each document's is a view of the very bytes between
 * the colon and what follows the value.
 *
 * @throws SyntaxError where the answer is none
 */
export function scanPage(bytes: Buffer): Page {
  return new PageScan(bytes).page();
}

/**
 * The same for an answer of `_mget`: an item for each document that was asked for.
 *
 * @throws SyntaxError where the answer is none
 */
export function scanFound(bytes: Buffer): readonly Hit[] {
  return new PageScan(bytes).found();
}

class PageScan {
  private readonly bytes: Buffer;
  private readonly isText: boolean;
  private readonly documents: IndexDocument[] = [];
  private at = 0;
  /** Whether the last value that was skipped is strict JSON on one line. */
  private strict = true;
  private lastStart = 0;
  private lastEnd = 0;
  private withoutSource: string | undefined;
  private hitsStart = 0;
  private hitsEnd = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.isText = isUtf8(bytes);
  }

  page(): Page {
    const { bytes } = this;
    this.members((name) => {
      if (name !== 'hits') this.skip();
      else
        this.members((inner) => {
          if (inner === 'hits') this.hits((hit) => this.take(hit));
          else this.skip();
        });
    });
    const before = bytes.toString('utf8', 0, this.hitsStart);
    return {
      frame: this.hitsEnd === 0 ? bytes.toString() : before + bytes.toString('utf8', this.hitsEnd),
      documents: this.documents,
      last: this.lastEnd === 0 ? undefined : bytes.toString('utf8', this.lastStart, this.lastEnd),
      withoutSource: this.withoutSource,
    };
  }

  found(): readonly Hit[] {
    const hits: Hit[] = [];
    this.members((name) => {
      if (name === 'docs') this.hits((hit) => hits.push(hit));
      else this.skip();
    });
    return hits;
  }

  private take({ id, routing, version, source, oneLine }: Hit): void {
    if (source === undefined) this.withoutSource ??= id;
    else this.documents.push({ id, routing, version, source, oneLine });
  }

  /** Between the brackets of the hits; they stay in the frame. */
  private hits(take: (hit: Hit) => void): void {
    this.expect(openBracket);
    this.hitsStart = this.at;
    while (this.bytes[this.at] !== closeBracket) {
      take(this.hit());
      if (this.bytes[this.at] === comma) this.at++;
    }
    this.hitsEnd = this.at;
    this.at++;
  }

  private hit(): Hit {
    const { bytes } = this;
    let id = '';
    let version = '';
    let sequence = '';
    let term = '';
    let error: string | undefined;
    let routing: string | undefined;
    let source: Buffer | undefined;
    let oneLine = false;
    this.expect(openBrace);
    while (bytes[this.at] !== closeBrace) {
      if (bytes[this.at] === comma) this.at++;
      const nameStart = this.at + 1;
      const nameEnd = this.stringEnd(nameStart);
      this.at = nameEnd + 1;
      this.expect(colon);
      const start = this.at;
      switch (bytes.toString('latin1', nameStart, nameEnd)) {
        case '_id':
          id = this.text();
          break;
        case '_routing':
          routing = this.text();
          break;
        case '_version':
          this.skip();
          version = bytes.toString('latin1', start, this.at);
          break;
        case '_seq_no':
          this.skip();
          sequence = bytes.toString('latin1', start, this.at);
          break;
        case '_primary_term':
          this.skip();
          term = bytes.toString('latin1', start, this.at);
          break;
        case 'error':
          this.skip();
          error = bytes.toString('utf8', start, this.at);
          break;
        case '_source':
          this.skip();
          source = bytes.subarray(start, this.at);
          oneLine = this.strict && (this.isText || isUtf8(source));
          break;
        case 'sort':
          this.skip();
          this.lastStart = start;
          this.lastEnd = this.at;
          break;
        default:
          this.skip();
      }
    }
    this.at++;
    return { id, routing, version, source, oneLine, seen: `${sequence}.${term}`, error };
  }

  /** Calls `member` at the value of each member of the object that stands here; it goes behind the value. */
  private members(member: (name: string) => void): void {
    this.expect(openBrace);
    while (this.bytes[this.at] !== closeBrace) {
      if (this.bytes[this.at] === comma) this.at++;
      const name = this.text();
      this.expect(colon);
      member(name);
    }
    this.at++;
  }

  private expect(byte: number): void {
    if (this.bytes[this.at] !== byte) throw this.broken();
    this.at++;
  }

  private text(): string {
    const { bytes } = this;
    const start = this.at + 1;
    if (bytes[this.at] !== quote) throw this.broken();
    const end = this.stringEnd(start);
    this.at = end + 1;
    for (let at = start; at < end; at++) {
      if (bytes[at] === backslash) return String(JSON.parse(bytes.toString('utf8', start - 1, end + 1)));
    }
    return bytes.toString('utf8', start, end);
  }

  /** The closing quote of the string whose inside starts here. */
  private stringEnd(start: number): number {
    const { bytes } = this;
    const { length } = bytes;
    let at = start;
    while (at < length) {
      const byte = bytes[at];
      if (byte === quote) return at;
      at += byte === backslash ? 2 : 1;
    }
    throw this.broken();
  }

  /** Goes to the comma, brace or bracket behind the value that starts here. Servers allow comments in sources. */
  private skip(): void {
    const { bytes } = this;
    const { length } = bytes;
    let at = this.at;
    let depth = 0;
    this.strict = true;
    while (at < length) {
      const byte = bytes[at] ?? 0;
      const kind = kinds[byte] ?? odd;
      if (kind === plain) {
        if (byte === comma && depth === 0) break;
        at++;
      } else if (kind === string) at = this.stringEnd(at + 1) + 1;
      else if (kind === opening) {
        depth++;
        at++;
      } else if (kind === closing) {
        if (depth === 0) break;
        depth--;
        at++;
      } else {
        this.strict = false;
        at = byte === slash ? this.commentEnd(at) : at + 1;
      }
    }
    if (at >= length) throw this.broken();
    this.at = at;
  }

  private commentEnd(start: number): number {
    const { bytes } = this;
    const isBlock = bytes[start + 1] === star;
    const end = isBlock ? bytes.indexOf('*/', start + 2) : bytes.indexOf(newline, start);
    if (end < 0) throw this.broken();
    return isBlock ? end + 2 : end + 1;
  }

  private broken(): SyntaxError {
    return new SyntaxError(`The answer cannot be understood at byte ${this.at} of ${this.bytes.length}.`);
  }
}
