import { createHash } from 'node:crypto';
import type { ScrubResult, Slice } from '../workflows/contract/scrub.ts';
import { bodyOf } from './body.ts';
import { encodeDocument } from './document.ts';
import { slicesFolder } from './layout.ts';
import type { Storage } from './storage.ts';

/**
 * In which of so many slices the data of a backup are read back, from 1. By the digest of its id: so it stays in its
 * slice whatever comes and goes around it, and each slice holds about as much as the others.
 */
export function sliceOf(holder: string, of: number): number {
  return (createHash('sha256').update(holder).digest().readUInt32BE() % of) + 1;
}

/**
 * The slice to read now: one that was never read, else the one whose last reading is the longest ago. So a run that
 * was missed, or failed before its end, leaves no hole: the next one reads what that one would have.
 */
export async function nextSlice(
  storage: Storage,
  job: string,
  of: number,
  signal?: AbortSignal,
): Promise<Slice> {
  const readAt = new Map<string, number>();
  const folder = slicesFolder(job);
  for await (const { name, modified } of storage.list(folder, signal)) readAt.set(name, modified.getTime());
  const ages = Array.from({ length: of }, (_, index) => {
    const slice = { number: index + 1, of };
    return { slice, at: readAt.get(sliceName(job, slice)) ?? -Infinity };
  });
  const [first] = ages.toSorted((a, b) => compare(a.at, b.at) || a.slice.number - b.slice.number);
  if (first === undefined) throw new RangeError('There is at least one slice.');
  return first.slice;
}

/** Notes down that a slice was read to its end, and what came of it. */
export async function recordSlice(
  storage: Storage,
  job: string,
  read: Pick<ScrubResult, 'slice' | 'objectsRead' | 'bytesRead' | 'damaged'> & {
    readonly slice: Slice;
    readonly by: string;
  },
  signal: AbortSignal,
): Promise<void> {
  const document = { format: 'holdfast-slice', job, ...read, finishedAt: new Date().toISOString() };
  const body = encodeDocument(document, 'sliceSha256');
  await storage.put(sliceName(job, read.slice), bodyOf(body), { signal });
}

function sliceName(job: string, { number, of }: Slice): string {
  return `${slicesFolder(job)}${number}-of-${of}.json`;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
