import { HoldfastError } from '../workflows/contract/errors.ts';

/** Makes the error that refuses a stored object; `found` completes the sentence that its address begins. */
export type Refusal = (found: string, cause?: unknown) => HoldfastError;

/** Refusals of the object at this address. They name what was found and where. */
export function refusalOf(address: string): Refusal {
  return (found, cause) =>
    new HoldfastError('ArchiveCorrupt', `${address} ${found}.`, {
      ...(cause === undefined ? {} : { cause }),
      details: { address },
    });
}
