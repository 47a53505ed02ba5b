import { isUtf8 } from 'node:buffer';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import type { Refusal } from './refusal.ts';

/** Names in a line that an attribute cannot have. */
export const reserved: ReadonlySet<string> = new Set(['key', 'keyBase64', 'text', 'base64', 'meta']);

/**
 * The part of a record's line that a restore brings back: `{"key":"app/x","flags":"0","text":"hello"`.
 * With `}` and a newline it is what the content digest covers; with the meta part between, it is the line.
 */
export function encodeFields(record: KeyRecord): string {
  const { key, value } = record;
  const head = isUtf8(key)
    ? `{"key":${JSON.stringify(key.toString())}`
    : `{"keyBase64":"${key.toString('base64')}"`;
  return head + encodeAttributes(record.attributes) + encodeValue(value);
}

/** The rest of the line: `,"meta":{"modifyIndex":"15"}}` and the newline. */
export function encodeMeta(meta: Readonly<Record<string, string>>): string {
  return `,"meta":{${encodePairs(meta).slice(1)}}}\n`;
}

function encodeValue(value: Buffer | null): string {
  if (value === null) return ',"text":null';
  return isUtf8(value)
    ? `,"text":${JSON.stringify(value.toString())}`
    : `,"base64":"${value.toString('base64')}"`;
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): string {
  refuseReserved(attributes);
  return encodePairs(attributes);
}

/** @throws Defect where an attribute has the name of a field */
export function refuseReserved(attributes: Readonly<Record<string, string>>): void {
  for (const name in attributes) {
    if (reserved.has(name)) throw new HoldfastError('Defect', `An attribute of a record is named "${name}".`);
  }
}

/** `,"a":"1","b":"2"`, sorted by name: the same record always gives the same bytes. */
export function encodePairs(pairs: Readonly<Record<string, string>>): string {
  // One call for all names that stand in order already is twice as fast as one call for each.
  if (isSorted(pairs)) {
    const text = JSON.stringify(pairs);
    return text === '{}' ? '' : `,${text.slice(1, -1)}`;
  }
  return Object.keys(pairs)
    .sort()
    .map((name) => `,${JSON.stringify(name)}:${JSON.stringify(pairs[name])}`)
    .join('');
}

export function isSorted(pairs: Readonly<Record<string, string>>): boolean {
  let previous = '';
  for (const name in pairs) {
    if (name < previous) return false;
    previous = name;
  }
  return true;
}

/** The record of one line (without its newline). What is not a record is refused. */
export function decodeRecord(line: string, refuse: Refusal): KeyRecord {
  const fields = parseObject(line, refuse);
  const attributes: Record<string, string> = {};
  for (const name in fields) {
    if (!reserved.has(name)) setOwn(attributes, name, stringIn(fields, name, refuse));
  }
  return {
    key: decodeBytes(fields, 'key', 'keyBase64', refuse),
    value: isNull(fields) ? null : decodeBytes(fields, 'text', 'base64', refuse),
    attributes,
    meta: decodeMeta(fields.meta, refuse),
  };
}

function parseObject(line: string, refuse: Refusal): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw refuse('holds a line that is not JSON', cause);
  }
  if (!isObject(parsed)) throw refuse('holds a line that is not a JSON object');
  return parsed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNull({ text, base64 }: Record<string, unknown>): boolean {
  return text === null && base64 === undefined;
}

function decodeBytes(
  fields: Record<string, unknown>,
  textName: 'key' | 'text',
  base64Name: 'keyBase64' | 'base64',
  refuse: Refusal,
): Buffer {
  const isText = fields[textName] !== undefined;
  if (isText === (fields[base64Name] !== undefined)) {
    throw refuse(`holds a record that needs exactly one of "${textName}" and "${base64Name}"`);
  }
  if (isText) {
    const text = stringIn(fields, textName, refuse);
    // A lone surrogate has no UTF-8: Buffer.from would put U+FFFD in its place without a word.
    if (!text.isWellFormed()) throw refuse(`holds a record whose "${textName}" is not Unicode text`);
    return Buffer.from(text);
  }
  const base64 = stringIn(fields, base64Name, refuse);
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) {
    throw refuse(`holds a record whose "${base64Name}" is not base64`);
  }
  return bytes;
}

function decodeMeta(meta: unknown, refuse: Refusal): Record<string, string> {
  if (!isStrings(meta)) throw refuse('holds a record whose "meta" is not an object of strings');
  return meta;
}

/** An object, and all that is in it are strings. */
export function isStrings(found: unknown): found is Record<string, string> {
  if (!isObject(found)) return false;
  for (const name in found) {
    if (typeof found[name] !== 'string') return false;
  }
  return true;
}

function stringIn(fields: Record<string, unknown>, name: string, refuse: Refusal): string {
  const value = fields[name];
  if (typeof value !== 'string') throw refuse(`holds a record whose ${JSON.stringify(name)} is not a string`);
  return value;
}

/** Plain assignment to `__proto__` would change the prototype instead of adding a property. */
function setOwn(object: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[name] = value;
  }
}
