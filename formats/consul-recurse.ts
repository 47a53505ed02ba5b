import { z } from 'zod';
import type { RowReader } from './format.ts';
import { base64, hasLost, shaped, text, uint64 } from './shapes.ts';

const shape = z.object(
  {
    Key: text,
    Flags: uint64,
    Value: base64.nullable(),
    CreateIndex: uint64.optional(),
    ModifyIndex: uint64.optional(),
    LockIndex: uint64.optional(),
    Session: text.optional(),
  },
  { error: 'expected an object' },
);

/** `{"LockIndex":0,"Key":"…","Flags":0,"Value":"<base64>",…}`: Consul's API, and consul-backinator with it. */
export const consulRecurseRow: RowReader = (row, source, refuse) => {
  const { Key, Flags, Value, CreateIndex, ModifyIndex, LockIndex, Session } = shaped(shape, row, refuse);
  if (hasLost(source, Key))
    throw refuse(`has a key that is not UTF-8, and that Consul could not show: ${Key}`);
  const meta = Object.entries({
    createIndex: CreateIndex,
    lockIndex: LockIndex,
    modifyIndex: ModifyIndex,
    // Other tools write an empty one where there is none.
    session: Session || undefined,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    record: {
      key: Buffer.from(Key),
      value: Value,
      attributes: { flags: Flags },
      meta: Object.fromEntries(meta),
    },
  };
};
