import { HoldfastError } from '../../workflows/contract/errors.ts';

/** An answer of Consul that is no success, as an error of the catalogue. The text is Consul's own; it holds no token. */
export function answerError(address: string, status: number, text: string): HoldfastError {
  const words = text.trim().slice(0, 300) || 'no reason given';
  const details = { address, status };
  const from = `Consul at ${address}`;
  if (status === 403) {
    return new HoldfastError('StoreRefused', `${from} does not accept the token: ${words}`, { details });
  }
  if (status === 500 && words.includes('No path to datacenter')) {
    return new HoldfastError('StoreRefused', `${from} knows no such datacenter: ${words}`, { details });
  }
  if (status === 500 && /invalid key name/i.test(words)) {
    const badName = { ...details, badName: true };
    return new HoldfastError('StoreRefused', `${from} refuses the name: ${words}`, { details: badName });
  }
  if (status >= 500 || status === 429) {
    return new HoldfastError('StoreUnavailable', `${from} cannot serve now (${status}): ${words}`, {
      details,
    });
  }
  return new HoldfastError('StoreRefused', `${from} refuses the request (${status}): ${words}`, { details });
}
