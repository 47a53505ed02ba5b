import { objectName } from '../../storage/layout.ts';
import { sliceOf } from '../../storage/slices.ts';
import {
  isDamage,
  type Scrubbed,
  type ScrubProgress,
  type ScrubReached,
  type Slice,
  type StoredFinding,
} from '../../workflows/contract/scrub.ts';
import { type Holder, type Inventory, takeInventory } from './inventory.ts';
import { checkSizes, type HolderReading, readHolder } from './read-holder.ts';
import { markAll, type Settling, unmarkAll } from './settle.ts';

/** What looks, and what tells of it. */
export interface Scrubbing extends Omit<HolderReading, 'onBytes'>, Settling {
  readonly slice: Slice;
  /** Data without a manifest that is older belongs to no run that is at work. */
  readonly staleBefore: Date;
  /** How far an earlier attempt came. */
  readonly reached?: ScrubReached | undefined;
  readonly onProgress: (progress: ScrubProgress) => void;
}

/** Findings travel in histories and are read by people; the marks hold all of them. */
const mostFindings = 20;

/**
 * Looks at all backups of a job: each manifest is read, each object is there in its size; every byte of those in the
 * slice is read back, and of those that are marked as damaged. Marks what is damaged, and takes the mark of what is
 * found right. Deletes nothing.
 */
export async function scrubStored(scrubbing: Scrubbing): Promise<Scrubbed> {
  const { storage, job, slice, staleBefore, signal } = scrubbing;
  const show = createShow(scrubbing);
  const inventory = await takeInventory(storage, job, staleBefore, signal, () => show(0));
  const { ids, marked, manifests, unlisted } = inventory;
  await markAll(scrubbing, manifests);
  await unmarkAll(
    scrubbing,
    [...marked].filter((id) => !ids.has(id)),
  );

  const { objects, bytes, findings: inData } = await readData(scrubbing, inventory, show);
  const findings = [...manifests, ...inData, ...(await stillThere(scrubbing, unlisted))];
  const damaged = new Set(findings.filter(isDamage).map(({ backup }) => backup));
  return {
    slice,
    backups: ids.size,
    objectsRead: objects,
    bytesRead: bytes,
    damaged: damaged.size,
    findings: findings.slice(0, mostFindings),
    findingsInAll: findings.length,
  };
}

type Read = Pick<ScrubReached, 'objects' | 'bytes'> & { readonly findings: readonly StoredFinding[] };

async function readData(scrubbing: Scrubbing, { holders, marked }: Inventory, show: Show): Promise<Read> {
  const findings: StoredFinding[] = [];
  show.total(holders.filter((holder) => isChosen(scrubbing, holder, marked)));
  for (const holder of holders) {
    const reading: HolderReading = { ...scrubbing, onBytes: show };
    const chosen = isChosen(scrubbing, holder, marked);
    show(0);
    const found = await (chosen ? readHolder : checkSizes)(reading, holder);
    findings.push(...found);
    await markAll(scrubbing, found);
    if (!chosen) continue;
    const wrong = new Set(found.map(({ backup }) => backup));
    await unmarkAll(
      scrubbing,
      holder.backups.filter((id) => marked.has(id) && !wrong.has(id)),
    );
    show.done(holder);
  }
  return { ...show.reached(), findings };
}

/** What an earlier attempt has read is not read again, but what it has marked: so its findings are found again. */
function isChosen({ slice, reached }: Scrubbing, holder: Holder, marked: ReadonlySet<string>): boolean {
  if (holder.backups.some((id) => marked.has(id))) return true;
  return sliceOf(holder.id, slice.of) === slice.number && holder.id > (reached?.after ?? '');
}

/** A prune that was at work when the storage was listed has removed it meanwhile. */
async function stillThere(
  { storage, job, signal }: Scrubbing,
  unlisted: readonly StoredFinding[],
): Promise<readonly StoredFinding[]> {
  const there: StoredFinding[] = [];
  for (const finding of unlisted)
    if ((await storage.head(objectName(job, finding.object), signal)) !== undefined) there.push(finding);
  return there;
}

/** Tells how far the work is; given all bytes of the object that is being read. */
interface Show {
  (bytes: number): void;
  total(holders: readonly Holder[]): void;
  done(holder: Holder): void;
  reached(): Pick<ScrubReached, 'objects' | 'bytes'>;
}

function createShow({ onProgress, reached }: Scrubbing): Show {
  let last = reached;
  let bytesTotal: number | undefined;
  const sum = (holders: readonly Holder[]) =>
    holders.flatMap(({ objects }) => objects).reduce((total, { storedBytes }) => total + storedBytes, 0);
  const show = (bytes: number) => {
    onProgress({
      phase: 'verifying',
      records: 0,
      bytes: (last?.bytes ?? 0) + bytes,
      ...(bytesTotal !== undefined && { bytesTotal }),
      ...(last && { reached: last }),
    });
  };
  return Object.assign(show, {
    total: (holders: readonly Holder[]) => {
      bytesTotal = (reached?.bytes ?? 0) + sum(holders);
    },
    done: (holder: Holder) => {
      const { objects = 0, bytes = 0 } = last ?? {};
      last = {
        after: holder.id,
        objects: objects + holder.objects.length,
        bytes: bytes + sum([holder]),
      };
    },
    reached: () => ({ objects: last?.objects ?? 0, bytes: last?.bytes ?? 0 }),
  });
}
