import { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { patiently } from '../backoff.ts';
import type { RepositoryConnection } from './connection.ts';
import type { RepositorySettings } from './settings.ts';

const registered = z.record(
  z.string(),
  z.object({ type: z.string(), settings: z.record(z.string(), z.unknown()).catch({}) }),
);
const verified = z.object({ nodes: z.record(z.string(), z.unknown()) });
const cleaned = z.object({ results: z.object({ deleted_bytes: z.number(), deleted_blobs: z.number() }) });

type Definition = NonNullable<RepositorySettings['definition']>;

/** Some nodes write to slow storage, and each node is asked. */
const patience = 300_000;

/** `/_snapshot/<repository>`, and what is in it. */
export function repositoryPath({ settings }: RepositoryConnection, ...rest: readonly string[]): string {
  return ['/_snapshot', settings.repository.name, ...rest]
    .map((part, index) => (index === 0 ? part : encodeURIComponent(part)))
    .join('/');
}

/**
 * Absent, it is made; the same, it is left alone; different, it is changed only where the job says `update`. It is
 * registered no more often than that: registering again disturbs the snapshots of others.
 *
 * @throws RepositoryUnusable
 */
export async function ensureRepository(connection: RepositoryConnection, signal: AbortSignal): Promise<void> {
  const { name, definition, update } = connection.settings.repository;
  const there = await readRepository(connection, signal);
  if (definition === undefined) {
    if (there !== undefined) return;
    throw new HoldfastError(
      'RepositoryUnusable',
      `The cluster has no repository "${name}", and the job does not say what it should be: register it, or give ` +
        'its type and settings.',
    );
  }
  const differences = there === undefined ? [] : differencesOf(definition, there);
  if (there !== undefined && differences.length === 0) return;
  if (there !== undefined && !update) {
    throw new HoldfastError(
      'RepositoryUnusable',
      `The repository "${name}" is another than the job says: ${differences.join('; ')}. Correct the job, choose ` +
        'another name, or set `update: true`.',
      { details: { differences } },
    );
  }
  // Whether the nodes can write is found out by `verifyRepository`, which tells more about it.
  const path = `${repositoryPath(connection)}?verify=false`;
  await connection.ask({ method: 'PUT', path, body: definition, signal, patience });
}

/** Has every node write to the repository and read there. @throws RepositoryUnusable with the nodes' reason */
export async function verifyRepository(connection: RepositoryConnection, signal: AbortSignal): Promise<void> {
  const path = `${repositoryPath(connection)}/_verify`;
  // A storage may stumble once; what stays is a matter for people.
  const ask = () => connection.read(verified, { method: 'POST', path, signal, patience });
  await patiently(signal, ask, ({ code }) => code === 'RepositoryUnusable', 3);
}

/** Removes what no snapshot refers to. */
export async function cleanRepository(
  connection: RepositoryConnection,
  signal: AbortSignal,
): Promise<{ readonly blobs: number; readonly bytes: number }> {
  const path = `${repositoryPath(connection)}/_cleanup`;
  const { results } = await connection.read(cleaned, { method: 'POST', path, signal, patience });
  return { blobs: results.deleted_blobs, bytes: results.deleted_bytes };
}

async function readRepository(
  connection: RepositoryConnection,
  signal: AbortSignal,
): Promise<Definition | undefined> {
  const request = { method: 'GET', path: repositoryPath(connection), signal, accepted: [404] } as const;
  const answer = await connection.ask(request);
  if (answer.status === 404) return undefined;
  const found = registered.parse(JSON.parse(answer.text))[connection.settings.repository.name];
  if (found === undefined) return undefined;
  const settings = Object.entries(found.settings).map(([key, value]) => [key, String(value)] as const);
  return { type: found.type, settings: Object.fromEntries(settings) };
}

/** Old releases show keys that somebody put into the settings; they must not reach a message. */
const secret = /secret|access_key|session_token|password|token|credential/i;

function differencesOf(wanted: Definition, there: Definition): readonly string[] {
  const differences = wanted.type === there.type ? [] : [`type: ${there.type}, not ${wanted.type}`];
  const names = new Set([...Object.keys(wanted.settings), ...Object.keys(there.settings)]);
  for (const name of [...names].sort()) {
    const [ours, theirs] = [show(name, wanted.settings[name]), show(name, there.settings[name])];
    const same = String(wanted.settings[name]) === String(there.settings[name]);
    if (!same) differences.push(`${name}: ${theirs}, not ${ours}`);
  }
  return differences;
}

function show(name: string, value: string | number | boolean | undefined): string {
  if (value === undefined) return '(not set)';
  return secret.test(name) ? '(not shown)' : String(value);
}
