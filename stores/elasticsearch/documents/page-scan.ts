import { isUtf8 } from 'node:buffer';
import type { IndexDocument } from '../../../workflows/contract/document.ts';
import { DocumentView, textAt } from '../../../workflows/contract/document-view.ts';

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

/** In a hit with its version, sorted: what stands between the values, up to the source. */
const versionName = Buffer.from(',"_version":');
const scoreName = Buffer.from(',"_score":null');
const routingName = Buffer.from(',"_routing":"');
const sourceName = Buffer.from(',"_source":');
const sortName = Buffer.from(',"sort":[');

/**
 * Cuts an answer of `_search` apart without parsing its sources: each document's is a view of the very bytes between
 * the colon and what follows the value.
 *
 * @param mark the name of the query, which stands behind every hit, and which no source can know: hits are found by it,
 *   instead of by following the structure of every source
 * @throws SyntaxError where the answer is none
 */
export function scanPage(bytes: Buffer, mark: string): Page {
  return new PageScan(bytes, mark).page();
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
  /** What ends a hit, from the end of `sort` on. */
  private readonly tail: Buffer;
  /** Servers take JSON with comments: a source with one of these may not be strict, or not on one line. */
  private readonly oddities: readonly Occurrence[];
  private at = 0;
  /** Whether the last value that was skipped is strict JSON on one line. */
  private strict = true;
  /** Whether the last string that was looked at has escapes. */
  private escaped = false;
  private lastStart = 0;
  private lastEnd = 0;
  private withoutSource: string | undefined;
  private hitsStart = 0;
  private hitsEnd = 0;
  /** Of the last hit that was looked at member by member: its start, its id's and the end of its source. */
  private hitStart = 0;
  private idStart = 0;
  private sourceEnd = 0;

  constructor(bytes: Buffer, mark = '') {
    this.bytes = bytes;
    this.isText = isUtf8(bytes);
    this.tail = Buffer.from(`],"matched_queries":["${mark}"]}`);
    this.oddities = ['\n', '//', '/*'].map((text) => new Occurrence(bytes, text));
  }

  page(): Page {
    const { bytes } = this;
    this.members((name) => {
      if (name !== 'hits') this.skip();
      else
        this.members((inner) => {
          if (inner === 'hits') this.documentHits();
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

  /** The first hit shows what the others begin with, and that the mark stands where it should. */
  private documentHits(): void {
    let head: Buffer | undefined;
    this.hits(() => {
      const view = head === undefined ? undefined : this.view(head);
      if (view !== undefined) this.documents.push(view);
      else this.take(this.hit());
      if (
        head === undefined &&
        this.isText &&
        this.sourceBefore(this.at - this.tail.length) === this.sourceEnd
      ) {
        head = this.bytes.subarray(this.hitStart, this.idStart);
      }
    });
  }

  /**
   * The hit that stands here, where it is like nearly all: it begins like the first one, has what was asked for and
   * nothing else, and its source is strict JSON on one line.
   */
  private view(head: Buffer): DocumentView | undefined {
    const { bytes, tail } = this;
    if (!isAt(bytes, this.at, head)) return undefined;
    const idStart = this.at + head.length;
    const idEnd = this.stringEnd(idStart);
    let plain = !this.escaped;
    if (!isAt(bytes, idEnd + 1, versionName)) return undefined;
    const versionStart = idEnd + 1 + versionName.length;
    const versionEnd = this.digitsEnd(versionStart);
    if (!isAt(bytes, versionEnd, scoreName)) return undefined;
    let at = versionEnd + scoreName.length;
    let routingStart = 0;
    let routingEnd = 0;
    if (isAt(bytes, at, routingName)) {
      routingStart = at + routingName.length;
      routingEnd = this.stringEnd(routingStart);
      plain &&= !this.escaped;
      at = routingEnd + 1;
    }
    if (!isAt(bytes, at, sourceName)) return undefined;
    const sourceStart = at + sourceName.length;
    const sortEnd = bytes.indexOf(tail, sourceStart);
    const sourceEnd = this.sourceBefore(sortEnd);
    const isObject = bytes[sourceStart] === openBrace && bytes[sourceEnd - 1] === closeBrace;
    if (!isObject || this.oddities.some((oddity) => oddity.isWithin(sourceStart, sourceEnd)))
      return undefined;
    this.lastStart = sourceEnd + sortName.length - 1;
    this.lastEnd = sortEnd + 1;
    this.at = sortEnd + tail.length;
    const place = {
      idStart,
      idEnd,
      routingStart,
      routingEnd,
      versionStart,
      versionEnd,
      sourceStart,
      sourceEnd,
    };
    return new DocumentView(bytes, { ...place, plain });
  }

  /** The end of the source, where `sort`, an array of numbers, ends here and nothing else stands between; else 0. */
  private sourceBefore(sortEnd: number): number {
    const { bytes } = this;
    let at = sortEnd - 1;
    while (isDigit(bytes[at])) at--;
    const end = at + 1 - sortName.length;
    return end > 0 && isAt(bytes, end, sortName) ? end : 0;
  }

  private digitsEnd(start: number): number {
    let at = start;
    while (isDigit(this.bytes[at])) at++;
    return at;
  }

  found(): readonly Hit[] {
    const hits: Hit[] = [];
    this.members((name) => {
      if (name === 'docs') this.hits(() => hits.push(this.hit()));
      else this.skip();
    });
    return hits;
  }

  private take({ id, routing, version, source, oneLine }: Hit): void {
    if (source === undefined) this.withoutSource ??= id;
    else this.documents.push({ id, routing, version, source, oneLine });
  }

  /** Between the brackets of the hits; they stay in the frame. `hit` goes behind the one that stands here. */
  private hits(hit: () => void): void {
    this.expect(openBracket);
    this.hitsStart = this.at;
    while (this.bytes[this.at] !== closeBracket) {
      hit();
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
    this.hitStart = this.at;
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
          this.idStart = start + 1;
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
          this.sourceEnd = this.at;
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
    return textAt(bytes, start, end);
  }

  /** The closing quote of the string whose inside starts here. */
  private stringEnd(start: number): number {
    const { bytes } = this;
    const { length } = bytes;
    let at = start;
    this.escaped = false;
    while (at < length) {
      const byte = bytes[at];
      if (byte === quote) return at;
      if (byte === backslash) {
        this.escaped = true;
        at++;
      }
      at++;
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

/** Where a text comes next: found natively, and once for many questions that go forwards. */
class Occurrence {
  private readonly bytes: Buffer;
  private readonly text: string;
  private next = -1;

  constructor(bytes: Buffer, text: string) {
    this.bytes = bytes;
    this.text = text;
  }

  isWithin(start: number, end: number): boolean {
    if (this.next < start) {
      const found = this.bytes.indexOf(this.text, start, 'latin1');
      this.next = found < 0 ? this.bytes.length : found;
    }
    return this.next < end;
  }
}

function isAt(bytes: Buffer, start: number, wanted: Buffer): boolean {
  for (let at = 0; at < wanted.length; at++) {
    if (bytes[start + at] !== wanted[at]) return false;
  }
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
