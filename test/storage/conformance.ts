import type { Storage } from '../../storage/storage.ts';
import { namesOf } from './bytes.ts';
import { listing } from './conformance/listing.ts';
import { ranges } from './conformance/ranges.ts';
import { roundTrips } from './conformance/round-trips.ts';
import { wholeOrNothing } from './conformance/whole-or-nothing.ts';
import { writtenOnce } from './conformance/written-once.ts';

export interface OpenStorage {
  /** An empty storage. */
  readonly storage: Storage;
  cleanup(): Promise<void>;
}

/** Holds an implementation of `Storage` to its contract. Call it at the top of a test file. */
export function storageConformance(name: string, open: () => Promise<OpenStorage>): void {
  describe(name, () => {
    let opened: OpenStorage;
    const storage = () => opened.storage;

    beforeAll(async () => {
      opened = await open();
    }, 60_000);
    afterAll(async () => {
      await opened.storage.close();
      await opened.cleanup();
    });
    // Every test leaves an empty storage to the next: no temporary name, probe or upload is left over.
    afterEach(async () => {
      await storage().remove(await namesOf(storage(), ''));
      expect(await namesOf(storage(), '')).toEqual([]);
      expect(await storage().abortUploads('')).toBe(0);
    });

    describe('round trips', () => roundTrips(storage));
    describe('ranges', () => ranges(storage));
    describe('whole or nothing', () => wholeOrNothing(storage));
    describe('written once', () => writtenOnce(storage));
    describe('listing', () => listing(storage));
  });
}
