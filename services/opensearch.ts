import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './cache/command.ts';
import { findOrBuild } from './cache/find.ts';
import { copyMavenJars, unpackMavenZip } from './cache/maven.ts';
import type { Tool } from './cache/tool.ts';
import { findJava } from './java.ts';
import { freePorts } from './ports.ts';
import type { S3Server } from './s3.ts';
import { isReady, javaOptions, logging, makeNodeFolders, nodeSettings, writeForNode } from './search-node.ts';
import type { NodeFolders } from './search-node.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

const version = '3.3.2';

/** OpenSearch as its own integration tests use it (without the security plugin), with the plugin for S3. */
export const opensearch: Tool = {
  name: 'opensearch',
  version,
  program: join(`opensearch-${version}`, 'bin', 'opensearch'),
  minutes: 2,
  async build(folder, progress) {
    progress.step('downloading');
    const group = 'org.opensearch.distribution.integ-test-zip';
    await unpackMavenZip({ group, name: 'opensearch', version }, folder);
    progress.step('downloading its plugin for S3');
    await addS3Plugin(folder, join(folder, `opensearch-${version}`));
  },
};

export const opensearchJava = { from: 21 };

/** The published plugin is a jar; what its own installer would unpack is put together here. */
async function addS3Plugin(folder: string, home: string): Promise<void> {
  const jars = join(folder, 'jars');
  const plugin = join(home, 'plugins', 'repository-s3');
  await copyMavenJars({ group: 'org.opensearch.plugin', name: 'repository-s3', version }, jars);
  await mkdir(plugin);
  // The server refuses to load a class twice, from lib/ and from a plugin.
  const there = new Set(await readdir(join(home, 'lib')));
  for (const jar of (await readdir(jars)).filter((name) => !there.has(name))) {
    await copyFile(join(jars, jar), join(plugin, jar));
    await chmod(join(plugin, jar), 0o644);
  }
  await rm(jars, { recursive: true });
  const files = { 'plugin-descriptor.properties': descriptor, 'plugin-security.policy': policy };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(plugin, name), text);
    await chmod(join(plugin, name), 0o644);
  }
}

const descriptor = `name=repository-s3
description=Snapshots into S3
version=${version}
opensearch.version=${version}
java.version=21
classname=org.opensearch.repositories.s3.S3RepositoryPlugin
`;

const policy = `grant {
  permission java.net.SocketPermission "*", "connect,resolve";
  permission java.net.NetPermission "getProxySelector";
  permission java.lang.RuntimePermission "accessDeclaredMembers";
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.lang.RuntimePermission "setContextClassLoader";
};
`;

export interface OpenSearchOptions {
  /** Where repositories of type `s3` are; its keys go into the keystore. */
  readonly s3?: Pick<S3Server, 'address' | 'region' | 'accessKeyId' | 'secretAccessKey'>;
  /** Kept when the server stops, with the repositories of type `fs`. Default: a temporary one, removed then. */
  readonly dataDir?: string;
  /** Of the HTTP interface. Default: a free one. */
  readonly port?: number;
  /** Options of Java. Default: those of a small node that starts fast and never compiles in full. */
  readonly java?: readonly string[];
  /** Further settings as opensearch.yml names them. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface OpenSearchServer extends RunningServer {
  /** A directory in which repositories of type `fs` may be. */
  readonly repositories: string;
}

/** Starts a cluster of one node; its `address` is a URL. Nobody needs to log in. */
export async function startOpenSearch(options: OpenSearchOptions = {}): Promise<OpenSearchServer> {
  const java = await findJava(opensearchJava);
  const program = await findOrBuild(opensearch);
  return retryOnTakenPort(() => start(java, join(program, '..', '..'), options));
}

async function start(java: string, program: string, options: OpenSearchOptions): Promise<OpenSearchServer> {
  const folders = await makeNodeFolders('opensearch', program, options.dataDir);
  try {
    const [http = 0, transport = 0] = await freePorts(2);
    const ports = { http: options.port ?? http, transport };
    const settings = { ...nodeSettings(folders, ports), ...s3Settings(options.s3), ...options.settings };
    // Every JSON is YAML.
    await writeForNode(folders, 'opensearch.yml', JSON.stringify(settings, undefined, 2));
    await writeForNode(folders, 'log4j2.properties', logging);
    if (options.s3) await keepKeys(java, folders, options.s3);

    const address = `http://127.0.0.1:${ports.http}`;
    const server = await startServer({
      name: 'OpenSearch',
      address,
      // Its script would start five further Javas before this one.
      command: [
        ...javaCommand(java, folders, options.java ?? javaOptions, 'lib/*'),
        'org.opensearch.bootstrap.OpenSearch',
      ],
      cwd: folders.temporary,
      user: folders.user,
      ready: () => isReady(address),
      cleanUp: () => folders.remove(),
    });
    return { ...server, repositories: folders.repositories };
  } catch (error) {
    await folders.remove();
    throw error;
  }
}

function s3Settings(s3: OpenSearchOptions['s3']) {
  if (s3 === undefined) return {};
  return {
    's3.client.default.endpoint': s3.address,
    's3.client.default.region': s3.region,
    's3.client.default.path_style_access': true,
  };
}

/** The server takes keys from its keystore alone. */
async function keepKeys(
  java: string,
  folders: NodeFolders,
  { accessKeyId, secretAccessKey }: NonNullable<OpenSearchOptions['s3']>,
): Promise<void> {
  const command = [
    ...javaCommand(java, folders, javaOptions, 'lib/*', 'lib/tools/keystore-cli/*'),
    ...['org.opensearch.tools.cli.keystore.KeyStoreCli', 'add', '--force', '--stdin'],
    ...['s3.client.default.access_key', 's3.client.default.secret_key'],
  ];
  await run(['/bin/sh', '-c', 'printf "%s\\n" "$ACCESS_KEY" "$SECRET_KEY" | exec "$@"', 'sh', ...command], {
    cwd: folders.temporary,
    env: { ACCESS_KEY: accessKeyId, SECRET_KEY: secretAccessKey },
    user: folders.user,
  });
}

function javaCommand(
  java: string,
  { home, config, temporary }: NodeFolders,
  flags: readonly string[],
  ...classes: readonly string[]
) {
  return [
    ...[join(java, 'bin', 'java'), ...flags, `-Djava.io.tmpdir=${temporary}`],
    `-javaagent:${join(home, 'agent', 'opensearch-agent.jar')}`,
    ...[`-Dopensearch.path.home=${home}`, `-Dopensearch.path.conf=${config}`],
    ...['-Dopensearch.distribution.type=zip', '-cp', classes.map((path) => join(home, path)).join(':')],
  ];
}
