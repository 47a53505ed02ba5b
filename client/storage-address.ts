import { fileURLToPath } from 'node:url';
import { buildStorage } from '../config/build.ts';
import { expectation } from '../config/findings.ts';
import { nearest } from '../config/nearest.ts';
import { storageSchema } from '../config/schema/storage.ts';
import type { StorageSettings } from '../storage/settings.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';

/** Settings that an address can carry. Credentials cannot: process lists and shell histories would show them. */
const parameters = ['endpoint', 'region', 'path_style', 'checksums', 'profile'];

/**
 * A storage named on the command line, for the day when there is no configuration:
 * `s3://bucket/prefix?endpoint=https://…&region=…&path_style=true` or `file:///directory`.
 *
 * @param shown what messages call it
 * @throws BadRequest
 */
export function parseStorageAddress(address: string, shown = `--storage ${address}`): StorageSettings {
  return build(storageEntry(address, shown), shown);
}

/** The same as an entry of `storages:`. @throws BadRequest */
export function storageEntry(
  address: string,
  shown = `--storage ${address}`,
): Readonly<Record<string, unknown>> {
  const url = URL.parse(address);
  if (url?.protocol === 'file:' && url.search === '') return { directory: { path: filePath(url, shown) } };
  if (url?.protocol !== 's3:' || url.host === '') {
    throw refused(shown, 'expected s3://bucket/prefix or file:///directory');
  }
  if (url.username !== '' || url.password !== '') {
    const text =
      'An address of a storage cannot carry credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
    throw new HoldfastError('BadRequest', text);
  }
  const s3: Record<string, unknown> = { bucket: url.host, prefix: decodeURIComponent(url.pathname) };
  for (const [name, value] of url.searchParams) {
    if (!parameters.includes(name)) throw refused(shown, unknownParameter(name));
    s3[name] = name === 'path_style' && /^(true|false)$/.test(value) ? value === 'true' : value;
  }
  return { s3 };
}

function build(raw: Readonly<Record<string, unknown>>, shown: string): StorageSettings {
  const result = storageSchema.safeParse(raw, { error: expectation });
  if (result.success) return buildStorage(result.data, process.cwd());
  const [issue] = result.error.issues;
  throw refused(shown, `${String(issue?.path.at(-1))}: expected ${issue?.message ?? ''}`);
}

function filePath(url: URL, shown: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw refused(shown, 'expected file:///directory, with three slashes', cause);
  }
}

function unknownParameter(name: string): string {
  const meant = nearest(name, parameters);
  const hint = meant === undefined ? `expected ${parameters.join(', ')}` : `did you mean ${meant}?`;
  return `unknown parameter "${name}"; ${hint}`;
}

function refused(shown: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('BadRequest', `${shown}: ${why}.`, { cause });
}
