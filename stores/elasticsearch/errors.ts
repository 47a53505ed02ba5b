import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { ErrorCode } from '../../workflows/contract/errors.ts';

const cause = z.object({ type: z.string().catch(''), reason: z.string().nullish() });
const answer = z.object({
  error: z.union([
    cause.extend({ root_cause: z.array(cause).catch([]), caused_by: z.unknown().optional() }),
    z.string(),
  ]),
});

/** An answer that is no success, as an error of the catalogue, with the server's own reason. */
export function answerError(address: string, status: number, text: string): HoldfastError {
  const { type, reason } = readReason(text);
  const details = { address, status, type };
  const from = `The cluster at ${address}`;
  const words = reason === '' ? `status ${status}` : reason;
  const make = (code: ErrorCode, what: string) =>
    new HoldfastError(code, `${from} ${what}: ${words}`, { details });

  if (status === 401) return make('StoreRefused', 'does not accept the credentials');
  if (status === 403) return make('StoreRefused', 'does not allow that');
  if (type === 'repository_missing_exception') return make('RepositoryUnusable', 'has no such repository');
  if (type.startsWith('repository_')) return make('RepositoryUnusable', 'cannot use its repository');
  if (type === 'snapshot_exception') return make('SnapshotIncomplete', 'takes no snapshot');
  if (status === 429 || status >= 500) return make('StoreUnavailable', `cannot serve now (${status})`);
  return make('StoreRefused', `refuses the request (${status})`);
}

/** The type of the server's error, where it is one of its answers: `invalid_snapshot_name_exception`. */
export function typeOf(error: unknown): string | undefined {
  const type = error instanceof HoldfastError ? error.details.type : undefined;
  return typeof type === 'string' ? type : undefined;
}

/** The reason, and what caused it: the last link says most (`AccessDenied`, `Permission denied`). */
function readReason(text: string): { readonly type: string; readonly reason: string } {
  const parsed = answer.safeParse(parse(text)).data?.error;
  if (parsed === undefined) return { type: '', reason: text.trim().slice(0, 300) };
  if (typeof parsed === 'string') return { type: '', reason: parsed.slice(0, 300) };
  const reasons: string[] = [];
  let link: unknown = parsed;
  for (let depth = 0; depth < 10; depth++) {
    const found = cause.extend({ caused_by: z.unknown().optional() }).safeParse(link).data;
    if (found === undefined) break;
    const words = (found.reason ?? found.type).trim();
    if (words !== '' && !reasons.some((before) => before.includes(words))) reasons.push(words);
    link = found.caused_by;
  }
  return { type: parsed.type, reason: reasons.join('; ').slice(0, 1_500) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
