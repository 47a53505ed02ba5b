import { encodeDocument } from './document.ts';
import { marksFolder } from './layout.ts';
import type { Storage } from './storage.ts';

/**
 * What is said of a backup after it was made; its manifest stays as it is. `pinned`: retention never removes it.
 * `trusted`: it is good although it looked suspicious. `damaged`: what is stored of it is not what was written
 * (damage.ts); a verification says so, and takes it back.
 */
export type Mark = PersonsMark | 'damaged';
export type PersonsMark = 'pinned' | 'trusted';

export type Marks = ReadonlyMap<string, ReadonlySet<Mark>>;

export interface MarkedBy {
  readonly by: string;
  readonly reason?: string;
}

/** The marks of all backups of a job, by id. */
export async function listMarks(storage: Storage, job: string, signal?: AbortSignal): Promise<Marks> {
  const marks = new Map<string, Set<Mark>>();
  const folder = marksFolder(job);
  for await (const { name } of storage.list(folder, signal)) {
    const [id = '', mark] = name.slice(folder.length).split('.');
    if (mark !== 'pinned' && mark !== 'trusted' && mark !== 'damaged') continue;
    marks.set(id, (marks.get(id) ?? new Set()).add(mark));
  }
  return marks;
}

/** Sets a person's mark; one that is there already stays as it is. Gives whether it is new. */
export async function setMark(
  storage: Storage,
  { job, id, mark }: MarkPlace & { readonly mark: PersonsMark },
  by: MarkedBy,
  signal?: AbortSignal,
): Promise<boolean> {
  const document = { format: 'holdfast-mark', job, id, mark, ...by, at: new Date().toISOString() };
  return storage.putOnce(markName({ job, id, mark }), encodeDocument(document, 'markSha256'), signal);
}

export async function removeMark(storage: Storage, place: MarkPlace, signal?: AbortSignal): Promise<void> {
  await storage.remove([markName(place)], signal);
}

export interface MarkPlace {
  readonly job: string;
  readonly id: string;
  readonly mark: Mark;
}

export function markName({ job, id, mark }: MarkPlace): string {
  return `${marksFolder(job)}${id}.${mark}.json`;
}
