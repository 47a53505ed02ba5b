import { access, constants, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './cache/command.ts';
import { onPath } from './cache/find.ts';

/** Which versions of Java a server runs on. */
export interface JavaRange {
  readonly from: number;
  readonly to?: number;
}

/**
 * The home of a Java that is there and in the range: JAVA_HOME, the `java` of PATH, or one of /usr/lib/jvm.
 * @throws an error that says what was found instead and how to get the right one
 */
export async function findJava({ from, to = Infinity }: JavaRange): Promise<string> {
  const seen: string[] = [];
  for (const home of await homes()) {
    const version = await versionOf(home);
    if (version === undefined) continue;
    if (version >= from && version <= to) return home;
    seen.push(`${version} in ${home}`);
  }
  const wanted = to === Infinity ? `JDK ${from} or later` : `JDK from ${from} to ${to}`;
  throw new Error(
    `A ${wanted} is needed to run it. Found: ${seen.join(', ') || 'none'}. Install one (your package manager’s ` +
      'openjdk-21-jdk-headless, or https://adoptium.net) and let JAVA_HOME name its folder.',
  );
}

async function homes(): Promise<readonly string[]> {
  const { JAVA_HOME } = process.env;
  const installed = await readdir('/usr/lib/jvm').catch(() => []);
  return [
    ...(JAVA_HOME === undefined ? [] : [JAVA_HOME]),
    ...onPath('java').map((program) => dirname(dirname(program))),
    ...installed.sort().map((name) => join('/usr/lib/jvm', name)),
  ];
}

const found = new Map<string, number | undefined>();

async function versionOf(home: string): Promise<number | undefined> {
  if (!found.has(home)) found.set(home, await askVersion(join(home, 'bin', 'java')));
  return found.get(home);
}

async function askVersion(program: string): Promise<number | undefined> {
  try {
    await access(program, constants.X_OK);
    const lines: string[] = [];
    await run([program, '-XshowSettings:properties', '-version'], {
      cwd: '/',
      onLine: (line) => lines.push(line),
    });
    const version = /java\.specification\.version = (?:1\.)?(\d+)/.exec(lines.join('\n'))?.[1];
    return version === undefined ? undefined : Number(version);
  } catch {
    return undefined; // Not there, or it does not run.
  }
}
