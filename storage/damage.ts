import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { StoredFinding } from '../workflows/contract/scrub.ts';
import { bodyOf } from './body.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { markName } from './marks.ts';
import { readSmallObject } from './small-object.ts';
import type { Storage } from './storage.ts';

/** What a verification has found wrong with a backup, as its mark `damaged` tells it. */
export interface Damage {
  readonly findings: readonly StoredFinding[];
  /** Who found it: a workflow id, or a person. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

const digestName = 'markSha256';

const shape = z.object({
  by: z.string(),
  at: z.string(),
  findings: z.array(
    z.object({
      kind: z.enum(['missing', 'truncated', 'flipped', 'unlisted']),
      backup: z.string(),
      object: z.string(),
      detail: z.string(),
    }),
  ),
});

interface Place {
  readonly job: string;
  readonly id: string;
}

/** Marks a backup as damaged. Where the same has been found before, that mark stays, with the time it was first seen. */
export async function markDamaged(
  storage: Storage,
  { job, id }: Place,
  { findings, by, at }: Damage,
  signal: AbortSignal,
): Promise<void> {
  const before = await readDamage(storage, { job, id }, signal).catch(orDamaged);
  if (before !== undefined && isDeepStrictEqual(before.findings, findings)) return;
  const mark = 'damaged';
  const document = { format: 'holdfast-mark', job, id, mark, by, findings, at };
  await storage.put(markName({ job, id, mark }), bodyOf(encodeDocument(document, digestName)), { signal });
}

/** What the mark of a backup tells; `undefined` where it has none. @throws ArchiveCorrupt where the mark is damaged */
export async function readDamage(
  storage: Storage,
  { job, id }: Place,
  signal?: AbortSignal,
): Promise<Damage | undefined> {
  const name = markName({ job, id, mark: 'damaged' });
  const address = `${storage.address}/${name}`;
  try {
    const bytes = await readSmallObject(storage, name, 'a mark', signal);
    const document = decodeDocument(bytes, digestName, address);
    const found = shape.safeParse(document);
    if (found.success) return found.data;
    throw new HoldfastError('ArchiveCorrupt', `${address} does not say what is damaged.`);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'ObjectMissing') return undefined;
    throw error;
  }
}

/** A mark that cannot be read is made anew. */
function orDamaged(error: unknown): undefined {
  if (error instanceof HoldfastError && error.code === 'ArchiveCorrupt') return undefined;
  throw error;
}
