import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { KeptFile, KeptSnapshot } from '../store.ts';
import { passChecked } from './file/pass-checked.ts';

/** A file of `consul snapshot save`, or of `/v1/snapshot`: checked while it passes, as what a living Consul gives is. */
export function openKeptFile(file: KeptFile): KeptSnapshot {
  const { address, bytes: total } = file;
  const refuse = (what: string, cause?: unknown): HoldfastError =>
    new HoldfastError('FileRefused', `${address} ${what}.`, cause === undefined ? {} : { cause });
  return {
    format: 'consul.snap',
    snapshot() {
      const { bytes, facts } = passChecked(file.read(), refuse);
      return Promise.resolve({
        store: { kind: 'consul', version: 'unknown', address, details: { format: 'consul-snapshot' } },
        bytes,
        bytesTotal: () => total,
        facts: () => {
          const consul = facts();
          return {
            moment: { index: consul.index, consistency: 'point-in-time' },
            records: consul.counts['keys'] ?? 0,
            consul,
            warnings: [],
          };
        },
      });
    },
    close: () => Promise.resolve(),
  };
}
