import { createHash } from 'node:crypto';
import type { HoldfastError } from '../workflows/contract/errors.ts';
import type { Content } from '../workflows/contract/manifest.ts';
import type { KeyRecord } from '../workflows/contract/record.ts';
import { encodeFields } from './record.ts';
import type { Refusal } from './refusal.ts';

/** Counts and digests records on their way: the same for what is written and for what is read back. */
export interface ContentTally {
  /** Takes the next record; gives its restorable fields as encoded (`encodeFields`), which writing needs again. */
  add(record: KeyRecord): string;
  /** Of the records so far. */
  content(): Content;
}

/** Characters gathered before they are hashed: one call of the hash for many records. */
const gathered = 1 << 16;

/** @param refuseOrder makes the error for a key that does not come after its predecessor, bytewise. */
export function createContentTally(refuseOrder: (key: Buffer, after: Buffer) => HoldfastError): ContentTally {
  const hash = createHash('sha256');
  let waiting = '';
  let previous: Buffer | undefined;
  let records = 0;
  let bytes = 0;

  return {
    add(record) {
      const { key, value } = record;
      if (previous !== undefined && Buffer.compare(previous, key) >= 0) throw refuseOrder(key, previous);
      previous = key;
      records += 1;
      bytes += key.length + (value?.length ?? 0);
      const fields = encodeFields(record);
      waiting += fields + '}\n';
      if (waiting.length >= gathered) {
        hash.update(waiting);
        waiting = '';
      }
      return fields;
    },
    content() {
      return { records, bytes, digest: hash.copy().update(waiting).digest('hex') };
    },
  };
}

/** The tally of what is read back: keys out of order are refused. */
export function createReadTally(refuse: Refusal): ContentTally {
  return createContentTally((key, after) => refuse(`has the key ${nameKey(key)} after ${nameKey(after)}`));
}

/** A key for messages: as JSON text where it is UTF-8, and bounded. */
export function nameKey(key: Buffer): string {
  const text = JSON.stringify(key.toString());
  return text.length <= 200 ? text : `${text.slice(0, 200)}… (${key.length} bytes)`;
}
