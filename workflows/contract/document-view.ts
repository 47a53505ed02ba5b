import type { IndexDocument } from './document.ts';

const backslash = 0x5c;

/** Where the parts of a document stand in a larger piece of memory; strings without their quotes. */
export interface DocumentPlace {
  readonly idStart: number;
  readonly idEnd: number;
  /** Both 0 where it has none. */
  readonly routingStart: number;
  readonly routingEnd: number;
  readonly versionStart: number;
  readonly versionEnd: number;
  readonly sourceStart: number;
  readonly sourceEnd: number;
  /** Whether id and routing have no escapes, so that they stand there as we would write them. */
  readonly plain: boolean;
}

/**
 * A document as it stands in the answer of a server or in an archive: UTF-8, its source strict JSON on one line. Nothing
 * of it is taken out before it is asked for; whoever writes it somewhere else copies bytes.
 *
 * A class: of millions of them, none needs functions of its own.
 */
export class DocumentView implements IndexDocument {
  readonly oneLine = true;
  readonly bytes: Buffer;
  readonly place: DocumentPlace;

  constructor(bytes: Buffer, place: DocumentPlace) {
    this.bytes = bytes;
    this.place = place;
  }

  get id(): string {
    return textAt(this.bytes, this.place.idStart, this.place.idEnd);
  }

  get routing(): string | undefined {
    const { routingStart, routingEnd } = this.place;
    return routingStart === 0 ? undefined : textAt(this.bytes, routingStart, routingEnd);
  }

  get version(): string {
    return this.bytes.toString('latin1', this.place.versionStart, this.place.versionEnd);
  }

  get source(): Buffer {
    return this.bytes.subarray(this.place.sourceStart, this.place.sourceEnd);
  }
}

/** The text of a JSON string whose inside stands there. @throws SyntaxError */
export function textAt(bytes: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at++) {
    if (bytes[at] === backslash) return String(JSON.parse(bytes.toString('utf8', start - 1, end + 1)));
  }
  return bytes.toString('utf8', start, end);
}
