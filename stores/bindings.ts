import type { Bound } from '../workflows/contract/restore.ts';
import type { Binding } from './store.ts';

export interface BindingCount {
  /** A key that is written, or as wanted already. */
  readonly written: (binding: Binding | undefined) => void;
  readonly refused: (binding: Binding | undefined) => void;
  /** Something new was made for such keys: `WriteOptions.onGranted`. */
  readonly granted: () => void;
  /** Absent where no key was bound to anything. */
  readonly bound: () => Bound | undefined;
}

/** Counts keys that were bound to something, by what becomes of them. @param start what was counted before */
export function countBindings(start?: Bound): BindingCount {
  let bound = start;
  let granted = 0;

  function count(to: Binding['to'], fate: 'dropped' | 'renewed' | 'refused'): void {
    const before = bound ?? { to, dropped: 0, renewed: 0, refused: 0 };
    bound = { ...before, [fate]: before[fate] + 1 };
  }

  return {
    written: (binding) => binding && count(binding.to, binding.fate),
    refused: (binding) => binding && count(binding.to, 'refused'),
    granted: () => granted++,
    bound: () => (bound === undefined || granted === 0 ? bound : { ...bound, granted }),
  };
}
