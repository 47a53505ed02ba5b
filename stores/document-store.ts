import type { DocumentBatches, IndexDefinition } from '../workflows/contract/document.ts';
import type { LeftOut, StoreDescription } from '../workflows/contract/manifest.ts';
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
   * The indices that the settings name. Each is read as it was at one moment, several at once, in no order; documents
   * end only when every index gave as many as it counts. Memory does not grow with them.
   *
   * @throws UnreadableKeys where an index does not keep its sources; StreamBroken
   */
  read(signal: AbortSignal): Promise<DocumentSource>;

  /** What a restore would make. Changes nothing. */
  plan(
    definitions: readonly IndexDefinition[],
    wish: DocumentWish,
    signal: AbortSignal,
  ): Promise<readonly IndexPlan[]>;

  /**
   * Makes the indices of the plan, and writes the documents into them that belong there; others are passed over. May
   * be repeated: what an earlier attempt has written is found again.
   *
   * @throws RestoreConflict where an index is there that this restore has not made; Unrestorable where the cluster
   *   does not take a definition
   */
  load(
    definitions: readonly IndexDefinition[],
    plan: readonly IndexPlan[],
    batches: DocumentBatches,
    options: LoadOptions,
  ): Promise<Loaded>;

  /** The documents of the targets, under the names that their indices have in the backup: for a comparison. */
  readBack(plan: readonly IndexPlan[], signal: AbortSignal): Promise<DocumentBatches>;

  /** Frees sockets. */
  close(): void;
}

export interface DocumentSource {
  readonly definitions: readonly IndexDefinition[];
  readonly batches: DocumentBatches;
  readonly leftOut: readonly LeftOut[];
}

export interface DocumentWish {
  /** Names of indices of the backup, with `*`; `-` before one leaves it out. */
  readonly indices: readonly string[];
  /** The name that an index gets: a regular expression and what takes the place of what it finds. */
  readonly pattern: string;
  readonly replacement: string;
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  /** By it a later attempt knows the indices that an earlier one has made. */
  readonly restoreId: string;
  /** Give the indices the aliases that they had. */
  readonly aliases: boolean;
  readonly onProgress: (documents: number) => void;
}

export interface Loaded {
  readonly documents: number;
  /** Documents that the cluster did not take. */
  readonly refused: { readonly count: number; readonly examples: readonly string[] };
  /** Settings that the cluster does not know, and a restored index does not have. */
  readonly dropped: readonly string[];
}
