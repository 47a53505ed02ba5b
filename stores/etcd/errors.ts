import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { CallFailure } from './streaming-call.ts';

/** A call that failed, as an error of the catalogue. The words are etcd's own; they hold no secret. */
export function callError(address: string, error: ServiceError | CallFailure): HoldfastError {
  const { code } = error;
  const said = error instanceof CallFailure ? error.message : error.details;
  const words = said.trim().slice(0, 300) || 'no reason given';
  const from = `etcd at ${address}`;
  const answered = words.startsWith('etcdserver:');
  const details = { address, status: code, words };

  if (code === status.UNAVAILABLE && isTlsTrouble(words)) {
    return new HoldfastError('StoreRefused', `No secure connection to ${from}: ${words}`, {
      cause: error,
      details: { address },
    });
  }
  if (!answered && (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED)) {
    return new HoldfastError('StoreUnreachable', `${from} does not answer: ${words}`, {
      cause: error,
      details: { address },
    });
  }
  if (isCompacted(words)) {
    return new HoldfastError(
      'StreamBroken',
      `${from} compacted the revision that was being read; the reading starts over at a newer one.`,
      { details },
    );
  }
  if (words.includes('database space exceeded')) {
    return new HoldfastError('StoreRefused', `${from} is full: ${words}. ${fullAdvice}`, { details });
  }
  if (passing.has(code) || words.includes('too many requests')) {
    return new HoldfastError('StoreUnavailable', `${from} cannot serve now: ${words}`, {
      cause: error,
      details,
    });
  }
  if (code === status.PERMISSION_DENIED) {
    const wanted = 'it needs the right to read (and for a restore, to write) every key of the job';
    return new HoldfastError('StoreRefused', `${from} does not let the user do that: ${words}; ${wanted}.`, {
      details,
    });
  }
  return new HoldfastError('StoreRefused', `${from} refuses the request: ${words}`, { details });
}

export const fullAdvice =
  'Make room (compact, defragment, or raise the quota) and disarm the alarm (`etcdctl alarm disarm`).';

/** A message of a failed call, in etcd's words. */
export function wordsOf(error: unknown): string {
  const words = error instanceof HoldfastError ? error.details.words : undefined;
  return typeof words === 'string' ? words : '';
}

const passing: ReadonlySet<number> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNKNOWN,
  status.ABORTED,
  status.CANCELLED,
]);

export function isCompacted(words: string): boolean {
  return words.includes('required revision has been compacted');
}

function isTlsTrouble(words: string): boolean {
  return /certificate|ERR_TLS|ERR_SSL|SSL routines|self-signed|CERT_|UNABLE_TO_/i.test(words);
}

/** In etcd's words it is a permission of somebody who may not even have a name; in ours, what to do. */
export function refusedWithoutRoot(error: unknown): HoldfastError | undefined {
  if (!(error instanceof HoldfastError) || error.code !== 'StoreRefused') return undefined;
  const { address, words } = error.details;
  const isRefused = error.details.status === status.PERMISSION_DENIED || words === userIsEmpty;
  if (!isRefused) return undefined;
  return new HoldfastError(
    'StoreRefused',
    `etcd at ${String(address)} refuses a snapshot (${String(words)}): a snapshot needs the root role. Give the job ` +
      `such a user, or take \`mode: keys\`, which needs the right to read the keys alone.`,
    { cause: error, details: error.details },
  );
}

const userIsEmpty = 'etcdserver: user name is empty';
