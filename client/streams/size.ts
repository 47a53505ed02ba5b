import { InvalidArgumentError } from 'commander';
import { largestPart, smallestPart } from '../../storage/s3/parts.ts';

const units: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `20971520`, `20MiB`: bytes of a part. */
export function parsePartSize(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+) ?(KiB|MiB|GiB|)$/.exec(text) ?? [];
  const bytes = Number(digits) * (units[unit] ?? 1);
  if (digits !== '' && bytes >= smallestPart && bytes <= largestPart) return bytes;
  throw new InvalidArgumentError('Expected 5MiB to 1GiB, or as many bytes.');
}

/** How often a request is made again. */
export function parseRetries(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= 100) return count;
  throw new InvalidArgumentError('Expected 0 to 100.');
}

/** Requests at once. */
export function parseConcurrency(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 64) return count;
  throw new InvalidArgumentError('Expected 1 to 64.');
}
