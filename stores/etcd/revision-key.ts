/** The main part of a revision as etcd writes it: 8 bytes big-endian, `_`, 8 more of the sub revision, `t` for a tombstone. */
export function revisionIn(bytes: Buffer): bigint | undefined {
  if (bytes.length !== revisionBytes && bytes.length !== revisionBytes + 1) return undefined;
  if (bytes[8] !== underscore) return undefined;
  const main = bytes.readBigUInt64BE(0);
  return main < 1n << 62n ? main : undefined;
}

export const revisionBytes = 17;
const underscore = 0x5f;
