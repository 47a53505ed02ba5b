import { isUtf8 } from 'node:buffer';
import type { PlanLine } from '../workflows/contract/restore.ts';

/** A key in a plan line: text where it is UTF-8, else base64. */
export function keyLine(key: Buffer): Pick<PlanLine, 'key' | 'keyBase64'> {
  return isUtf8(key) ? { key: key.toString('utf8') } : { keyBase64: key.toString('base64') };
}

export function keyOfLine(line: Pick<PlanLine, 'key' | 'keyBase64'>): Buffer {
  return line.keyBase64 === undefined
    ? Buffer.from(line.key ?? '', 'utf8')
    : Buffer.from(line.keyBase64, 'base64');
}
