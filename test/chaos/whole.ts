import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { holdfast } from '../client/fake-io.ts';
import { listConsul } from '../stores/plain-consul.ts';
import type { World } from './world.ts';

/** The keys of Consul under a prefix, as an independent reader sees what a restore has to bring back. */
export async function keysUnder({ consul }: World, prefix: string): Promise<readonly object[]> {
  const entries = await listConsul(consul.address);
  return entries
    .filter(({ key }) => key.startsWith(prefix))
    .map(({ key, value, flags }) => ({ key, value, flags }));
}

/**
 * Looks at everything that a job has stored: these backups, each whole and right, and nothing else; no unfinished
 * upload; `holdfast verify` agrees.
 */
export async function expectOnly(world: World, job: string, ids: readonly string[]): Promise<void> {
  const { bucket } = world;
  expect(await bucket.uploads(`${job}/`)).toEqual([]);
  const keys = (await bucket.keys(`${job}/`)).filter((key) => !key.startsWith(`${job}/restores/`));
  expect(keys).toEqual(
    ids.flatMap((id) => [`${job}/${id}/manifest.json`, `${job}/${id}/records.ndjson.zst`]),
  );
  for (const id of ids) {
    const manifest = await manifestOf(world, job, id);
    const [object] = manifest.objects;
    const stored = await bucket.read(`${job}/${id}/records.ndjson.zst`);
    expect(object).toMatchObject({
      name: `${id}/records.ndjson.zst`,
      storedBytes: stored.length,
      storedSha256: createHash('sha256').update(stored).digest('hex'),
    });
    const { exit, text } = await commandProcess(world, 'verify', job, id, '--json');
    expect({ exit, verdict: JSON.parse(text) as unknown }).toMatchObject({
      exit: 0,
      verdict: { whole: true },
    });
  }
}

export async function manifestOf({ bucket }: World, job: string, id: string): Promise<Manifest> {
  return JSON.parse((await bucket.read(`${job}/${id}/manifest.json`)).toString()) as Manifest;
}

/** Runs `holdfast` with the configuration of the world. */
export function command({ configFile }: World, ...args: readonly string[]) {
  return holdfast([...args, '--config', configFile]);
}

const main = fileURLToPath(new URL('../../client/main.ts', import.meta.url));

/**
 * The same in a process of its own: a command is imported when it is wanted, and jest imports nothing for tests that run
 * beside each other.
 */
function commandProcess({ configFile }: World, ...args: readonly string[]) {
  return new Promise<{ readonly exit: number; readonly text: string }>((resolve) => {
    execFile(process.execPath, [main, ...args, '--config', configFile], (error, text) => {
      resolve({ exit: error === null ? 0 : Number(error.code ?? -1), text });
    });
  });
}
