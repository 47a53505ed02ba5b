import { mapRecords } from '../mapping.ts';
import type { FileKeys } from '../store.ts';
import { readFile } from './file/read.ts';

/**
 * The keys in a snapshot of Consul, which needs no Consul to be read.
 *
 * @param open reads the file from its start
 * @param file its address, for messages, and its index
 */
export function openFileKeys(
  open: () => AsyncIterable<Buffer>,
  file: { readonly address: string; readonly index: string },
): FileKeys {
  return {
    read({ prefix }) {
      return Promise.resolve({
        moment: { index: file.index, consistency: 'point-in-time' },
        records: mapRecords(readFile(open(), file.address).records, { from: prefix, to: prefix }),
        leftOut: () => [],
      });
    },
    close: () => Promise.resolve(),
  };
}
