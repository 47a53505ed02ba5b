/**
 * Which keys can stand in the path of a URL. Consul's handler cleans the path (`a//b` becomes `a/b`), and from 1.21.5
 * on refuses some names (agent/kvs_endpoint.go, validateKVKey); a transaction takes every key that is UTF-8.
 */
export function fitsPath(key: string): boolean {
  const segments = key.split('/');
  const inner = segments.slice(0, -1);
  return (
    key.isWellFormed() &&
    printable.test(key) &&
    !key.startsWith(' ') &&
    !key.endsWith(' ') &&
    !inner.includes('') &&
    !segments.includes('.') &&
    !segments.includes('..') &&
    !isRefusedDecoded(key)
  );
}

/** What Go's unicode.IsPrint takes; the others are answered 400 before the handler sees them. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/** Consul decodes the key a second time, and refuses what then looks dangerous: the literal key `a%20b`. */
function isRefusedDecoded(key: string): boolean {
  try {
    const decoded = decodeURIComponent(key);
    return decoded !== key && (decoded.includes('..') || decoded.includes(' '));
  } catch {
    // Go decodes escapes that are not UTF-8, which JavaScript refuses.
    return /%(?:20|2e%2e|2e\.)|\.%2e/i.test(key);
  }
}

/** `/v1/kv/` and the key, encoded segment by segment. */
export function kvPath(key: string): string {
  return `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** The longest start of a prefix that a path can express; what it finds too much is filtered out afterwards. */
export function expressiblePrefix(prefix: string): string {
  let shorter = prefix;
  // Cutting a surrogate pair in two gives a text that is not well formed, which does not fit either.
  while (!fitsPath(shorter)) shorter = shorter.slice(0, -1);
  return shorter;
}
