import { access, constants } from 'node:fs/promises';
import { run } from './cache/command.ts';
import { onPath } from './cache/find.ts';
import { reportProgress } from './cache/progress.ts';

/** The browser that the tests look at the Temporal UI with: the path of its program, or undefined. */
export async function findChromium(): Promise<string | undefined> {
  const places = [
    ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].flatMap(onPath),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ];
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      return place;
    } catch {
      // Not there; the next one.
    }
  }
  return undefined;
}

/** The same; where it is missing and this is root on Debian or Ubuntu, it is installed. */
export async function findOrInstallChromium(): Promise<string> {
  const there = await findChromium();
  if (there) return there;
  if (process.getuid?.() !== 0 || onPath('apt-get').length === 0) throw new Error(missing);

  const progress = reportProgress('chromium');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    progress.step('reading the list of packages');
    await run(['apt-get', 'update', '-q'], { cwd: '/', env });
    progress.step('installing, about a minute');
    await run(['apt-get', 'install', '-q', '-y', '--no-install-recommends', 'chromium'], { cwd: '/', env });
  } catch (cause) {
    progress.done('failed');
    throw new Error(`${missing}\n${String(cause)}`, { cause });
  }
  const installed = await findChromium();
  progress.done(installed ?? 'failed');
  if (!installed) throw new Error(missing);
  return installed;
}

const missing =
  'Chromium, which the tests need to look at the Temporal UI, is not on PATH and cannot be installed from here. ' +
  'Install it (`sudo apt-get install chromium`; on macOS Google Chrome will do).';
