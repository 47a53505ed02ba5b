import { isUtf8 } from 'node:buffer';
import type { IndexDocument } from '../../workflows/contract/document.ts';
import { DocumentView } from '../../workflows/contract/document-view.ts';
import { copyFew } from '../../workflows/contract/memory.ts';
import type { PlainFrame } from '../frames.ts';

/** Writes the lines of documents one after the other. */
export interface DocumentLines {
  add(index: string, document: IndexDocument): void;
  addText(line: string): void;
  /** Of the last document, what its digest covers: from its id to the end of its line, without the newline. */
  covered(): Buffer;
  readonly length: number;
  /** Takes all lines away; the next ones are written into other memory. */
  take(): Required<PlainFrame>;
}

/** Room for a frame of ordinary lines; memory that had to grow beyond the other bound is not kept. */
const usualMemory = 3 << 19;
const mostKept = 1 << 22;
/** UTF-8 takes at most three bytes for each unit of a string. */
const mostExpansion = 3;

const closeBrace = 0x7d;
const newline = 0x0a;
/** Behind version, id and routing; the digest of a document begins within the first, behind its comma. */
const idName = Buffer.from('","id":"');
const routingName = Buffer.from('","routing":"');
const sourceName = Buffer.from('","source":');
/** A version has at most 19 digits. */
const roomForNames = idName.length + routingName.length + sourceName.length + 20;

export function createDocumentLines(): DocumentLines {
  const free: Buffer<ArrayBuffer>[] = [];
  let bytes = Buffer.allocUnsafeSlow(usualMemory);
  let length = 0;
  let coveredStart = 0;
  let lastIndex: string | undefined;
  let head = Buffer.alloc(0);

  function reserve(more: number): void {
    if (length + more <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length + more, bytes.length + (bytes.length >> 1)));
    bytes.copy(larger, 0, 0, length);
    bytes = larger;
  }

  function put(text: string): void {
    reserve(mostExpansion * text.length);
    length += bytes.write(text, length);
  }

  function putBytes(source: Buffer): void {
    reserve(source.length);
    length += source.copy(bytes, length);
  }

  /** Nothing is made of it: its parts are copied. */
  function putView({ bytes: from, place }: DocumentView): void {
    const { versionStart, versionEnd, idStart, idEnd, routingStart, routingEnd, sourceStart, sourceEnd } =
      place;
    reserve(sourceEnd - sourceStart + (idEnd - idStart) + (routingEnd - routingStart) + roomForNames);
    length += copyFew(from, versionStart, versionEnd, bytes, length);
    length += copyFew(idName, 0, 2, bytes, length);
    coveredStart = length;
    length += copyFew(idName, 2, idName.length, bytes, length);
    length += copyFew(from, idStart, idEnd, bytes, length);
    if (routingStart > 0) {
      length += copyFew(routingName, 0, routingName.length, bytes, length);
      length += copyFew(from, routingStart, routingEnd, bytes, length);
    }
    length += copyFew(sourceName, 0, sourceName.length, bytes, length);
    length += from.copy(bytes, length, sourceStart, sourceEnd);
  }

  function putDocument({ id, routing, version, source, oneLine }: IndexDocument): void {
    put(`${version}",`);
    coveredStart = length;
    const name = routing === undefined ? '' : `,"routing":${JSON.stringify(routing)}`;
    if (oneLine) {
      put(`"id":${JSON.stringify(id)}${name},"source":`);
      putBytes(source);
    } else {
      put(`"id":${JSON.stringify(id)}${name}${encodeOther(source)}`);
    }
  }

  return {
    add(index, document) {
      if (index !== lastIndex) {
        lastIndex = index;
        head = Buffer.from(`{"index":${JSON.stringify(index)},"version":"`);
      }
      putBytes(head);
      if (document instanceof DocumentView && document.place.plain) putView(document);
      else putDocument(document);
      reserve(2);
      bytes[length++] = closeBrace;
      bytes[length++] = newline;
    },
    addText: put,
    covered: () => bytes.subarray(coveredStart, length - 1),
    get length() {
      return length;
    },
    take() {
      const memory = bytes;
      const lines = bytes.subarray(0, length);
      bytes = free.pop() ?? Buffer.allocUnsafeSlow(usualMemory);
      length = 0;
      return {
        bytes: lines,
        release: () => {
          if (memory.length <= mostKept) free.push(memory);
        },
      };
    },
  };
}

/** A source that cannot stand in a line as it is. */
function encodeOther(source: Buffer): string {
  return isUtf8(source)
    ? `,"text":${JSON.stringify(source.toString())}`
    : `,"base64":"${source.toString('base64')}"`;
}
