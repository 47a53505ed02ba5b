import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, delimiter, dirname, join } from 'node:path';
import { run } from './command.ts';
import { cacheDirectory } from './location.ts';
import { withLock } from './lock.ts';
import { reportProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import type { Tool } from './tool.ts';

const found = new Map<string, Promise<string>>();

/**
 * The path of a program that is there and of the right version: from PATH, from the cache, or else built now.
 * Asked again in the same process, it answers at once.
 * @throws an error that names the server, the command that failed and why.
 */
export function findOrBuild(tool: Tool): Promise<string> {
  const key = `${cacheDirectory()} ${tool.name} ${tool.version}`;
  let path = found.get(key);
  if (!path) {
    path = search(tool);
    // A failure is not remembered: the next one to ask may find Go installed.
    path.catch(() => found.delete(key));
    found.set(key, path);
  }
  return path;
}

async function search(tool: Tool): Promise<string> {
  const home = join(cacheDirectory(), tool.name, tool.version);
  const cached = join(home, tool.program);
  for (const path of [...(tool.shows ? onPath(basename(tool.program)) : []), cached]) {
    if (await isRight(tool, path)) return path;
  }
  const progress = reportProgress(`${tool.name} ${tool.version} (about ${tool.minutes} min the first time)`);
  try {
    await withLock(
      `${home}.lock`,
      async () => {
        if (await isRight(tool, cached)) return; // Somebody else built it while we waited.
        await build(tool, home, progress);
      },
      () => progress.step('another process is building it, waiting'),
    );
  } catch (cause) {
    progress.done('failed');
    throw new Error(`${tool.name} ${tool.version} could not be built.\n${messageOf(cause)}`, { cause });
  }
  progress.done(`ready in ${home}`);
  return cached;
}

/** Builds beside the final place and moves the result there whole: a half-written program is never found. */
async function build(tool: Tool, home: string, progress: Progress): Promise<void> {
  const folder = dirname(home);
  const mark = `${basename(home)}.new-`;
  const left = (await readdir(folder)).filter((name) => name.startsWith(mark));
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })));

  const fresh = join(folder, `${mark}${randomUUID()}`);
  try {
    await mkdir(fresh);
    await tool.build(fresh, progress);
    progress.step('checking');
    const program = join(fresh, tool.program);
    if (!(await isRight(tool, program))) {
      const says = tool.shows
        ? await versionOf(program, tool.shows.arguments)
        : 'nothing: there is no program';
      throw new Error(`What was built does not say that it is version ${tool.version}, but: ${says}`);
    }
    await rm(home, { recursive: true, force: true });
    await rename(fresh, home);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function isRight(tool: Tool, path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const { shows } = tool;
    return shows === undefined || shows.pattern.test(await versionOf(path, shows.arguments));
  } catch {
    return false; // Not there, or it does not run: as good as not there.
  }
}

async function versionOf(path: string, words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  await run([path, ...words], { cwd: '/', onLine: (line) => lines.push(line) });
  return lines.join('\n');
}

/** Where a program of that name would be, in the order of PATH. */
export function onPath(file: string): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.filter((folder) => folder !== '').map((folder) => join(folder, file));
}

/** The message and that of its cause: the way from what was wanted to what the command said. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${messageOf(error.cause)}`;
}
