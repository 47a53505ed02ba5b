import { randomBytes } from 'node:crypto';
import { fillConsul } from '../stores/plain-consul.ts';
import type { World } from './world.ts';

/** So much that it does not compress into the two parts that one upload sends first: three parts of 8 MiB. */
export async function plantHeavy({ consul }: World, prefix: string): Promise<number> {
  const values = Array.from({ length: 50 }, (_, index) => ({
    key: Buffer.from(`${prefix}${String(index).padStart(3, '0')}`),
    value: randomBytes(380_000),
  }));
  return fillConsul(consul.address, values);
}

/** Many small keys with flags: 128 go into one transaction. */
export async function plantMany({ consul }: World, prefix: string, count = 3000): Promise<number> {
  const values = Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`${prefix}${String(index).padStart(5, '0')}`),
    value: Buffer.from(`value ${index}`),
    attributes: { flags: String(index) },
  }));
  return fillConsul(consul.address, values);
}
