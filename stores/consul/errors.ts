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

/** A connection that did not come about or broke before an answer. */
export function connectionError(address: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const options = { cause: error, details: { address } };
  const words = Error.isError(error) ? wordsOf(error) : String(error);
  if (isTlsError(error)) {
    return new HoldfastError(
      'StoreRefused',
      `No secure connection to Consul at ${address}: ${words}`,
      options,
    );
  }
  return new HoldfastError('StoreUnreachable', `Consul at ${address} does not answer: ${words}`, options);
}

/** An answer that broke off on its way. */
export function brokenError(address: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const words = Error.isError(error) ? wordsOf(error) : String(error);
  return new HoldfastError('StreamBroken', `The answer of Consul at ${address} broke off: ${words}`, {
    cause: error,
    details: { address },
  });
}

function wordsOf(error: Error): string {
  // Node gathers the attempts on a name's IPv4 and IPv6 addresses in one error with an empty message.
  if ('errors' in error && Array.isArray(error.errors)) return error.errors.map(String).join(', ');
  return error.message;
}

function isTlsError(error: unknown): boolean {
  const code = Error.isError(error) && 'code' in error ? String(error.code) : '';
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH)/.test(code);
}
