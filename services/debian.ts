import { existsSync } from 'node:fs';
import { run } from './cache/command.ts';
import { onPath } from './cache/find.ts';
import { reportProgress } from './cache/progress.ts';

/**
 * Gets the programs that are missing, each from the package of its name; only root on Debian or Ubuntu can.
 * @throws Error that names what is missing, why, and how a person installs it
 */
export async function installMissing(programs: readonly string[], why: string): Promise<void> {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return;
  const packages = missing.join(' ');
  const advice = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on PATH; ${why} Install: sudo apt-get install ${packages}`;
  if (process.getuid?.() !== 0 || !isThere('apt-get')) throw new Error(advice);

  const progress = reportProgress(packages);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    progress.step('reading the list of packages');
    await run(['apt-get', 'update', '-q'], { cwd: '/', env });
    progress.step('installing, about a minute');
    await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', ...missing], { cwd: '/', env });
  } catch (cause) {
    progress.done('failed');
    throw new Error(`${advice}\n${String(cause)}`, { cause });
  }
  progress.done('installed');
}

function isThere(program: string): boolean {
  return onPath(program).some((place) => existsSync(place));
}
