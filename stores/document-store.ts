import type { DocumentBatches, IndexDefinition, IndexDocument } from '../workflows/contract/document.ts';
import type { LeftOut, StoreDescription } from '../workflows/contract/manifest.ts';
import type { IndexWish } from '../workflows/contract/restore.ts';
import type { IndexPlan } from './repository-store.ts';

/**
 * A store of indices that gives and takes its documents one by one: Elasticsearch, OpenSearch. What one of the two
 * gave, the other takes.
 *
 * Every method throws a `HoldfastError` naming the address, and stops soon after `signal` aborts, by throwing its
 * reason.
 */
export interface DocumentStore {
  readonly kind: 'elasticsearch';

  /** Reaches the cluster and says who answered. `details`: `product`, `cluster`, `clusterUuid`. */
  describe(signal: AbortSignal): Promise<StoreDescription>;

  /**
   * The indices and data streams of these names, with `*`; `-` before one leaves it out. Each index is read as it was
   * at a moment of its own, several at once, in no order; documents end only when every index gave as many as it
   * counts. Memory does not grow with them: the sources of a batch are gone when the next one is asked for.
   *
   * @throws StoreRefused where a name is not there; UnreadableKeys where an index does not keep its sources;
   *   StreamBroken
   */
  read(indices: readonly string[], signal: AbortSignal): Promise<DocumentSource>;

  /** What a restore would make. Changes nothing. */
  plan(
    definitions: readonly IndexDefinition[],
    wish: IndexWish,
    signal: AbortSignal,
  ): Promise<readonly IndexPlan[]>;

  /**
   * How these documents stand in an index that is there, in their order.
   *
   * @throws Unrestorable where the index cannot be asked for one of them
   */
  compare(
    index: string,
    documents: readonly IndexDocument[],
    signal: AbortSignal,
  ): Promise<readonly Standing[]>;

  /**
   * Makes the indices of the plan, and writes the documents into them that belong there, and into those that are there
   * already; others are passed over. A write into an index that was there is guarded by what the plan saw. May be
   * repeated until `settle`: what an earlier attempt has made and written is found again.
   *
   * @throws RestoreConflict where an index is not the one that the plan saw, or was not made by this restore;
   *   Unrestorable where the cluster does not take a definition
   */
  load(
    definitions: readonly IndexDefinition[],
    plan: readonly IndexPlan[],
    batches: LoadBatches,
    options: LoadOptions,
  ): Promise<Loaded>;

  /**
   * The documents of the indices that were made, under the names that their indices have in the backup: for a
   * comparison. Lent as those of `read` are.
   */
  readBack(plan: readonly IndexPlan[], signal: AbortSignal): Promise<DocumentBatches>;

  /**
   * Ends a load that was proven: takes off the marks by which attempts found what others had made, and gives the
   * aliases that the wish says. Gives their names. May be repeated.
   */
  settle(
    definitions: readonly IndexDefinition[],
    plan: readonly IndexPlan[],
    wish: IndexWish,
    signal: AbortSignal,
  ): Promise<readonly string[]>;

  /** Frees sockets. */
  close(): void;
}

export interface DocumentSource {
  readonly definitions: readonly IndexDefinition[];
  readonly batches: DocumentBatches;
  readonly leftOut: readonly LeftOut[];
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  /** By it a later attempt knows the indices that an earlier one has made. */
  readonly restoreId: string;
  readonly wish: IndexWish;
  /** Documents so far, and the bytes of their sources. */
  readonly onProgress: (documents: number, bytes: number) => void;
}

/** How a document of a backup stands in an index: `seen` guards the next write to it, `0` where it is missing. */
export interface Standing {
  readonly state: 'missing' | 'equal' | 'differs';
  /** `<sequence number>.<primary term>`. */
  readonly seen: string;
}

/** A document that is to be written; `seen` is what a plan saw in an index that was there. */
export type LoadDocument = IndexDocument & Partial<Pick<Standing, 'seen'>>;

/** By the name that their index has in the backup. */
export type LoadBatches = AsyncIterable<{
  readonly index: string;
  readonly documents: readonly LoadDocument[];
}>;

export interface Loaded {
  /** Those that were written; into new indices also those that an earlier attempt has written. */
  readonly documents: number;
  /** Found as wanted where the guard did not hold: an earlier attempt has written them. */
  readonly already: number;
  /** Written by others since the plan, and left as they are. */
  readonly conflicts: { readonly count: number; readonly examples: readonly RefusedDocument[] };
  /** Documents that the cluster did not take. */
  readonly refused: { readonly count: number; readonly examples: readonly RefusedDocument[] };
  /** Settings that the cluster does not know, and a restored index does not have. */
  readonly dropped: readonly string[];
}

export interface RefusedDocument {
  /** `orders/_doc/17`. */
  readonly document: string;
  readonly reason: string;
}
