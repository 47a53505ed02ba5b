import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './cache/command.ts';
import { onPath } from './cache/find.ts';
import { reportProgress } from './cache/progress.ts';

/** The packages that are not named as their program is. */
const packageOf: Readonly<Record<string, string>> = { dockerd: 'docker.io', 'systemd-analyze': 'systemd' };

/**
 * Gets the programs that are missing, each from its package; only root on Debian or Ubuntu can.
 * @throws Error that names what is missing, why, and how a person installs it
 */
export async function installMissing(programs: readonly string[], why: string): Promise<void> {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return;
  const names = missing.map((program) => packageOf[program] ?? program);
  const packages = names.join(' ');
  const advice = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on PATH; ${why} Install: sudo apt-get install ${packages}`;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) throw new Error(advice);

  const progress = reportProgress(packages);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    progress.step('reading the list of packages');
    await run(['apt-get', 'update', '-q'], { cwd: '/', env });
    progress.step('installing, about a minute');
    await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...names], { cwd: '/', env });
  } catch (cause) {
    progress.done('failed');
    throw new Error(`${advice}\n${String(cause)}`, { cause });
  }
  progress.done('installed');
}

/**
 * Unpacks a package into a folder; nothing is installed, and none of its services is started.
 * @throws Error that says what failed
 */
export async function unpackPackage(name: string, folder: string): Promise<void> {
  const download = () => run(['apt-get', 'download', '-q', name], { cwd: folder });
  if (!isThere('apt-get')) throw new Error(`The package ${name} is Debian's, and apt-get is not on PATH.`);
  try {
    await download();
  } catch (error) {
    // Images come without the list of packages; only root can get it.
    if (process.getuid?.() !== 0) throw error;
    await run(['apt-get', 'update', '-q'], { cwd: folder });
    await download();
  }
  const files = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
  for (const file of files) {
    await run(['dpkg', '-x', file, folder], { cwd: folder });
    await rm(join(folder, file));
  }
}

function isThere(program: string): boolean {
  return onPath(program).some((place) => existsSync(place));
}
