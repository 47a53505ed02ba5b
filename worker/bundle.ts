import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import sdk from '@temporalio/worker/package.json' with { type: 'json' };

const workflows = resolve(import.meta.dirname, '../workflows');
const program = join(import.meta.dirname, 'make-bundle.ts');

/**
 * The workflows as one file of JavaScript, as the worker's sandbox wants them; gives its path. It is made once for
 * each content of workflows/, in a process of its own: webpack takes 200 MB that this one would never give back.
 */
export async function workflowBundle(): Promise<string> {
  const folder = await cacheFolder();
  const file = join(folder, `workflows-${await contentHash()}.js`);
  if (await exists(file)) return file;
  const unfinished = `${file}.${randomUUID()}`;
  await promisify(execFile)(process.execPath, [program, unfinished]);
  // Two workers that start together make the same bytes; whoever is last replaces them with themselves.
  await rename(unfinished, file);
  return file;
}

/** Everything that decides what the bundle is. */
async function contentHash(): Promise<string> {
  const hash = createHash('sha256').update(`${sdk.version} ${process.version}`);
  hash.update(await readFile(program));
  const files = await readdir(workflows, { recursive: true });
  for (const name of files.filter((file) => file.endsWith('.ts')).sort()) {
    hash.update(`\0${name}\0`).update(await readFile(join(workflows, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** HOLDFAST_CACHE, else the place that XDG names; a container may have neither, but it has a temporary folder. */
async function cacheFolder(): Promise<string> {
  const { HOLDFAST_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache');
  const folder = join(own ? resolve(own) : join(base, 'holdfast'), 'bundles');
  const made = await mkdir(folder, { recursive: true }).then(
    () => true,
    () => false,
  );
  if (made) return folder;
  const temporary = join(tmpdir(), 'holdfast-bundles');
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  return temporary;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
