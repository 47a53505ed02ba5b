import { chown, copyFile, link, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { User } from '../stores/lifeline.ts';

/**
 * What OpenSearch and Elasticsearch have in common as programs: neither runs as root, and each node wants a
 * configuration, data and logs of its own.
 */
export interface NodeFolders {
  /** The program, where the node's user can read it. */
  readonly home: string;
  readonly config: string;
  readonly data: string;
  readonly logs: string;
  readonly temporary: string;
  /** What `path.repo` allows: here a repository of type `fs` may be. */
  readonly repositories: string;
  /** As whom the node runs where this process is root; else as whoever runs this. */
  readonly user: User | undefined;
  remove(): Promise<void>;
}

/** `nobody`, by its usual number. */
const other: User = { uid: 65_534, gid: 65_534 };

/**
 * @param program the unpacked program. It may be where only root can look (a cache in root's home), so the node gets
 *   it as hard links.
 * @param dataDir kept when the node is gone. Default: temporary
 */
export async function makeNodeFolders(
  name: string,
  program: string,
  dataDir: string | undefined,
): Promise<NodeFolders> {
  await requireReachable();
  const scratch = await mkdtemp(join(tmpdir(), `holdfast-${name}-`));
  const remove = () => rm(scratch, { recursive: true, force: true });
  const user = process.getuid?.() === 0 ? other : undefined;
  try {
    const kept = dataDir === undefined ? scratch : resolve(dataDir);
    const folders = {
      ...{ config: join(scratch, 'config'), logs: join(scratch, 'logs'), temporary: join(scratch, 'tmp') },
      ...{ data: join(kept, 'data'), repositories: join(kept, 'repositories') },
    };
    for (const folder of [scratch, kept, ...Object.values(folders)]) {
      await mkdir(folder, { recursive: true });
      if (user) await chown(folder, user.uid, user.gid);
    }
    await linkTree(program, join(scratch, 'home'));
    return { ...folders, home: join(scratch, 'home'), user, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Writes a file that the node can read; it may hold secrets. */
export async function writeForNode({ config, user }: NodeFolders, name: string, text: string): Promise<void> {
  const file = join(config, name);
  await writeFile(file, text, { mode: 0o600 });
  if (user) await chown(file, user.uid, user.gid);
}

/** False where this is root, and the node, which may not be, could not get to the folder. */
export async function canKeepDataIn(folder: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return true;
  for (let above = dirname(resolve(folder)); above !== dirname(above); above = dirname(above)) {
    const found = await stat(above).catch(() => undefined);
    if (found !== undefined && (found.mode & 0o001) === 0) return false;
  }
  return true;
}

/** @throws an error where the node could not get to its temporary folders */
export async function requireReachable(): Promise<void> {
  if (await canKeepDataIn(join(tmpdir(), 'any'))) return;
  throw new Error(
    `It does not run as root, and the user it would run as cannot get into ${tmpdir()}. Start it as another user, or ` +
      'let TMPDIR name a folder that everybody can enter.',
  );
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o755 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

/** Small ones: they serve a test or a demonstration. */
export const javaOptions: readonly string[] = [
  '-Xms512m',
  '-Xmx512m',
  '-XX:+UseSerialGC',
  // Half the time to start, on two cores.
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
];

/** What both products call by the same names. A full disk of a developer must not keep shards from being made. */
export function nodeSettings(
  folders: NodeFolders,
  ports: { readonly http: number; readonly transport: number },
) {
  return {
    'cluster.name': 'holdfast',
    'node.name': 'node1',
    'discovery.type': 'single-node',
    'http.host': '127.0.0.1',
    'http.port': ports.http,
    'transport.host': '127.0.0.1',
    'transport.port': ports.transport,
    'path.data': folders.data,
    'path.logs': folders.logs,
    'path.repo': [folders.repositories],
    'cluster.routing.allocation.disk.threshold_enabled': false,
  };
}

/** To standard output alone, and no more than what is worth a look when it does not start. */
export const logging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%p][%c{1}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;

/** A node is ready when it knows a master and its shards are there. */
export async function isReady(
  address: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const signal = AbortSignal.timeout(5_000);
  const path = '/_cluster/health?wait_for_status=yellow&timeout=1s';
  const response = await fetch(`${address}${path}`, { headers, signal });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
}
