import { randomBytes } from 'node:crypto';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { fillConsul } from '../stores/plain-consul.ts';
import type { World } from './world.ts';

type Planted = Pick<KeyRecord, 'key' | 'attributes'> & { readonly value: Buffer };

/** So much that it does not compress into the two parts that one upload sends first: three parts of 8 MiB. */
export function heavyKeys(prefix: string): readonly Planted[] {
  return Array.from({ length: 50 }, (_, index) => ({
    key: Buffer.from(`${prefix}${String(index).padStart(3, '0')}`),
    value: randomBytes(380_000),
    attributes: {},
  }));
}

/** Many small keys with flags: 128 go into one transaction. */
export function manyKeys(prefix: string, count = 3000): readonly Planted[] {
  return Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`${prefix}${String(index).padStart(5, '0')}`),
    value: Buffer.from(`value ${index}`),
    attributes: { flags: String(index) },
  }));
}

export async function plantHeavy({ consul }: World, prefix: string): Promise<number> {
  return fillConsul(consul.address, heavyKeys(prefix));
}

export async function plantMany({ consul }: World, prefix: string, count?: number): Promise<number> {
  return fillConsul(consul.address, manyKeys(prefix, count));
}
