/** A value of MessagePack. Text and binary are one thing in it, as Consul writes it: bytes. */
export type Value = null | boolean | number | bigint | Buffer | readonly Value[] | ValueMap;
/** Keys are names of fields: Latin-1. */
export interface ValueMap {
  readonly fields: ReadonlyMap<string, Value>;
}

/** What is not MessagePack. */
export class NotMessagePack extends Error {}

/**
 * Where the value that begins at `at` ends; or, where it is not all there, the negative of how long `bytes` must be at
 * least for that to be found out.
 */
export function endOfValue(bytes: Buffer, start: number): number {
  let at = start;
  for (let values = 1; values > 0; values--) {
    if (at >= bytes.length) return -(at + 1);
    const { header, payload, inside } = shapeAt(bytes, at);
    if (at + header > bytes.length) return -(at + header);
    at += header + payload;
    if (at > bytes.length) return -at;
    values += inside;
  }
  return at;
}

interface Shape {
  /** Bytes of type and length. */
  readonly header: number;
  /** Bytes behind them that are no values themselves. */
  readonly payload: number;
  /** Values that stand in it. */
  readonly inside: number;
}

/** The length may be cut off: then it is read as far as it goes, and is of no use. */
function shapeAt(bytes: Buffer, at: number): Shape {
  const type = bytes[at] ?? 0;
  const length = (size: number) => (at + 1 + size > bytes.length ? 0 : bytes.readUIntBE(at + 1, size));
  if (type <= 0x7f || type >= 0xe0) return { header: 1, payload: 0, inside: 0 };
  if (type <= 0x8f) return { header: 1, payload: 0, inside: 2 * (type & 0x0f) };
  if (type <= 0x9f) return { header: 1, payload: 0, inside: type & 0x0f };
  if (type <= 0xbf) return { header: 1, payload: type & 0x1f, inside: 0 };
  switch (type) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return { header: 1, payload: 0, inside: 0 };
    case 0xc4:
    case 0xd9:
      return { header: 2, payload: length(1), inside: 0 };
    case 0xc5:
    case 0xda:
      return { header: 3, payload: length(2), inside: 0 };
    case 0xc6:
    case 0xdb:
      return { header: 5, payload: length(4), inside: 0 };
    case 0xc7:
      return { header: 3, payload: length(1), inside: 0 };
    case 0xc8:
      return { header: 4, payload: length(2), inside: 0 };
    case 0xc9:
      return { header: 6, payload: length(4), inside: 0 };
    case 0xca:
      return { header: 5, payload: 0, inside: 0 };
    case 0xcb:
      return { header: 9, payload: 0, inside: 0 };
    case 0xcc:
    case 0xd0:
      return { header: 2, payload: 0, inside: 0 };
    case 0xcd:
    case 0xd1:
      return { header: 3, payload: 0, inside: 0 };
    case 0xce:
    case 0xd2:
      return { header: 5, payload: 0, inside: 0 };
    case 0xcf:
    case 0xd3:
      return { header: 9, payload: 0, inside: 0 };
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return { header: 2, payload: 2 ** (type - 0xd4), inside: 0 };
    case 0xdc:
      return { header: 3, payload: 0, inside: length(2) };
    case 0xdd:
      return { header: 5, payload: 0, inside: length(4) };
    case 0xde:
      return { header: 3, payload: 0, inside: 2 * length(2) };
    case 0xdf:
      return { header: 5, payload: 0, inside: 2 * length(4) };
    default:
      throw new NotMessagePack(`There is no type 0x${type.toString(16)} in MessagePack.`);
  }
}

/** One value, and where it ends. Buffers are views of `bytes`. @throws NotMessagePack, also where it is cut off */
export function decodeAt(bytes: Buffer, at: number): [value: Value, end: number] {
  if (at >= bytes.length) throw new NotMessagePack('A value is cut off.');
  const type = bytes[at] ?? 0;
  const { header, payload, inside } = shapeAt(bytes, at);
  const start = at + header;
  const end = start + payload;
  if (end > bytes.length) throw new NotMessagePack('A value is cut off.');
  if (isMap(type)) return decodeMap(bytes, start, inside / 2);
  if (isList(type)) return decodeList(bytes, start, inside);
  if (isRaw(type) || isExtension(type)) return [bytes.subarray(start, end), end];
  return [scalar(bytes, at, type), end];
}

function decodeMap(bytes: Buffer, start: number, count: number): [ValueMap, number] {
  const fields = new Map<string, Value>();
  let at = start;
  for (let n = 0; n < count; n++) {
    const [name, behindName] = decodeAt(bytes, at);
    const [value, end] = decodeAt(bytes, behindName);
    if (!Buffer.isBuffer(name)) throw new NotMessagePack('A field has no name.');
    fields.set(name.toString('latin1'), value);
    at = end;
  }
  return [{ fields }, at];
}

function decodeList(bytes: Buffer, start: number, count: number): [readonly Value[], number] {
  const list: Value[] = [];
  let at = start;
  for (let n = 0; n < count; n++) {
    const [value, end] = decodeAt(bytes, at);
    list.push(value);
    at = end;
  }
  return [list, at];
}

function scalar(bytes: Buffer, at: number, type: number): Value {
  if (type <= 0x7f) return type;
  if (type >= 0xe0) return type - 0x100;
  switch (type) {
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xca:
      return bytes.readFloatBE(at + 1);
    case 0xcb:
      return bytes.readDoubleBE(at + 1);
    case 0xcc:
      return bytes.readUInt8(at + 1);
    case 0xcd:
      return bytes.readUInt16BE(at + 1);
    case 0xce:
      return bytes.readUInt32BE(at + 1);
    case 0xcf:
      return bytes.readBigUInt64BE(at + 1);
    case 0xd0:
      return bytes.readInt8(at + 1);
    case 0xd1:
      return bytes.readInt16BE(at + 1);
    case 0xd2:
      return bytes.readInt32BE(at + 1);
    case 0xd3:
      return bytes.readBigInt64BE(at + 1);
    default:
      return null;
  }
}

function isMap(type: number): boolean {
  return (type >= 0x80 && type <= 0x8f) || type === 0xde || type === 0xdf;
}

function isList(type: number): boolean {
  return (type >= 0x90 && type <= 0x9f) || type === 0xdc || type === 0xdd;
}

function isRaw(type: number): boolean {
  return (type >= 0xa0 && type <= 0xbf) || (type >= 0xc4 && type <= 0xc6) || (type >= 0xd9 && type <= 0xdb);
}

function isExtension(type: number): boolean {
  return (type >= 0xc7 && type <= 0xc9) || (type >= 0xd4 && type <= 0xd8);
}
