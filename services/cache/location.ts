import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Where server binaries are kept between runs: outside the checkout, so that every checkout shares them. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.HOLDFAST_CACHE) return resolve(environment.HOLDFAST_CACHE);
  // The XDG specification: a relative path there is invalid and is to be ignored.
  const xdg = environment.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'holdfast');
}
