import { isUtf8 } from 'node:buffer';
import type { IndexDocument } from '../../workflows/contract/document.ts';
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

  return {
    add(index, { id, routing, version, source, oneLine }) {
      if (index !== lastIndex) {
        lastIndex = index;
        head = Buffer.from(`{"index":${JSON.stringify(index)},"version":"`);
      }
      putBytes(head);
      put(`${version}",`);
      coveredStart = length;
      const name = routing === undefined ? '' : `,"routing":${JSON.stringify(routing)}`;
      if (oneLine) {
        put(`"id":${JSON.stringify(id)}${name},"source":`);
        putBytes(source);
      } else {
        put(`"id":${JSON.stringify(id)}${name}${encodeOther(source)}`);
      }
      put('}\n');
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
