import { isUtf8 } from 'node:buffer';
import type { IndexDocument } from '../../workflows/contract/document.ts';
import { DocumentView, textAt } from '../../workflows/contract/document-view.ts';
import type { Refusal } from '../refusal.ts';

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const closeBrace = 0x7d;
const indexHead = Buffer.from('{"index":"');
const versionHead = Buffer.from(',"version":"');
const idHead = Buffer.from(',"id":"');
const routingHead = Buffer.from(',"routing":"');
const sourceHead = Buffer.from(',"source":');
const textHead = Buffer.from(',"text":"');
const base64Head = Buffer.from(',"base64":"');

/**
 * Finds the parts of a document's line: `{"index":"…","version":"…","id":"…","routing":"…","source":…}`. The source
 * stands last, so nothing looks into it.
 *
 * A class: its fields are what the innermost loop lives on. They are those of the last line that was a document's.
 */
export class DocumentScan {
  index = '';
  /** The newline of the line. */
  lineEnd = 0;
  /** What the digest covers starts here, and ends at the newline. */
  coveredStart = 0;

  private line: Buffer = Buffer.alloc(0);
  private lastIndex: Buffer = Buffer.alloc(0);
  private versionStart = 0;
  private versionEnd = 0;
  private idStart = 0;
  private idEnd = 0;
  private routingStart = 0;
  private routingEnd = 0;
  /** Whether a string of the line has escapes, but for that of a source. */
  private escaped = false;
  private form: 'source' | 'text' | 'base64' = 'source';
  private sourceStart = 0;
  private sourceEnd = 0;

  /** Whether a document's line starts here. */
  scan(line: Buffer, start: number): boolean {
    this.line = line;
    this.escaped = false;
    this.lineEnd = line.indexOf(newline, start);
    if (this.lineEnd < 0 || line[this.lineEnd - 1] !== closeBrace) return false;
    const versionAt = this.scanIndex(start);
    if (versionAt < 0 || !isAt(line, versionAt, versionHead)) return false;
    this.versionStart = versionAt + versionHead.length;
    this.versionEnd = this.stringEnd(this.versionStart);
    if (!isAt(line, this.versionEnd + 1, idHead)) return false;
    this.coveredStart = this.versionEnd + 2;
    this.idStart = this.versionEnd + 1 + idHead.length;
    this.idEnd = this.stringEnd(this.idStart);
    let at = this.idEnd + 1;
    this.routingStart = 0;
    if (isAt(line, at, routingHead)) {
      this.routingStart = at + routingHead.length;
      this.routingEnd = this.stringEnd(this.routingStart);
      at = this.routingEnd + 1;
    }
    return this.scanSource(at);
  }

  get sourceBytes(): number {
    return this.form === 'source' ? this.sourceEnd - this.sourceStart : this.source().length;
  }

  /** The document of the line: a view where all of it stands there as it is. */
  document(refuse: Refusal): IndexDocument {
    if (this.form === 'source' && !this.escaped) return this.view();
    try {
      return {
        id: this.text(this.idStart, this.idEnd),
        routing: this.routingStart === 0 ? undefined : this.text(this.routingStart, this.routingEnd),
        version: this.text(this.versionStart, this.versionEnd),
        source: this.source(),
        oneLine: this.form === 'source',
      };
    } catch (cause) {
      const shown = this.line.toString(
        'utf8',
        this.coveredStart,
        Math.min(this.lineEnd, this.coveredStart + 100),
      );
      throw refuse(`holds a document that is not as it is written: ${shown}`, cause);
    }
  }

  private view(): DocumentView {
    const { idStart, idEnd, routingStart, routingEnd, versionStart, versionEnd, sourceStart, sourceEnd } =
      this;
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
    return new DocumentView(this.line, { ...place, plain: true });
  }

  private source(): Buffer {
    if (this.form === 'source') return this.line.subarray(this.sourceStart, this.sourceEnd);
    if (this.form === 'base64') {
      return Buffer.from(this.line.toString('latin1', this.sourceStart, this.sourceEnd), 'base64');
    }
    return Buffer.from(this.text(this.sourceStart, this.sourceEnd));
  }

  private scanIndex(start: number): number {
    const { line, lastIndex } = this;
    // Neighbours are mostly of the same index.
    if (lastIndex.length > 0 && isAt(line, start, lastIndex)) return start + lastIndex.length;
    if (!isAt(line, start, indexHead)) return -1;
    const end = this.stringEnd(start + indexHead.length);
    if (end < 0) return -1;
    this.lastIndex = Buffer.from(line.subarray(start, end + 1));
    this.index = this.text(start + indexHead.length, end);
    return end + 1;
  }

  private scanSource(at: number): boolean {
    const { line } = this;
    this.sourceEnd = this.lineEnd - 1;
    if (isAt(line, at, sourceHead)) {
      this.form = 'source';
      this.sourceStart = at + sourceHead.length;
      return this.sourceStart < this.sourceEnd;
    }
    this.form = isAt(line, at, textHead) ? 'text' : 'base64';
    const head = this.form === 'text' ? textHead : base64Head;
    if (!isAt(line, at, head)) return false;
    this.sourceStart = at + head.length;
    this.sourceEnd = this.stringEnd(this.sourceStart);
    return this.sourceEnd === this.lineEnd - 2;
  }

  /** The closing quote of the string whose inside starts here; the end of the line where there is none. */
  private stringEnd(start: number): number {
    const { line, lineEnd } = this;
    let at = start;
    while (at < lineEnd && line[at] !== quote) {
      if (line[at] === backslash) {
        this.escaped = true;
        at++;
      }
      at++;
    }
    return at;
  }

  private text(start: number, end: number): string {
    return textAt(this.line, start, end);
  }
}

function isAt(line: Buffer, start: number, bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
    if (line[start + at] !== bytes[at]) return false;
  }
  return true;
}

/** Decoding would put U+FFFD in the place of what is not UTF-8. */
export function requireText(plain: Buffer, refuse: Refusal): void {
  if (plain.at(-1) !== newline || !isUtf8(plain))
    throw refuse('holds something else than lines of UTF-8 text');
}
