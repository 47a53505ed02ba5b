import { access, constants } from 'node:fs/promises';
import { onPath } from './cache/find.ts';
import { installMissing } from './debian.ts';

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
  if (there !== undefined) return there;
  await installMissing(
    ['chromium'],
    'the tests look at the Temporal UI with it (Google Chrome will do, too).',
  );
  const installed = await findChromium();
  if (installed === undefined) throw new Error('Chromium was installed, and is not on PATH.');
  return installed;
}
