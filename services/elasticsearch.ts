import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findOrBuild } from './cache/find.ts';
import { unpackMavenZip } from './cache/maven.ts';
import type { Tool } from './cache/tool.ts';
import { findJava, type JavaRange } from './java.ts';
import { freePorts } from './ports.ts';
import { isReady, javaOptions, logging, makeNodeFolders, nodeSettings, writeForNode } from './search-node.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

export const elasticsearchVersions = ['7.17.28', '8.19.0', '9.1.0'] as const;
export type ElasticsearchVersion = (typeof elasticsearchVersions)[number];

/** Elasticsearch as its own integration tests use it: without the modules for S3, analysis and lifecycles. */
export function elasticsearchTool(version: ElasticsearchVersion): Tool {
  return {
    name: 'elasticsearch',
    version,
    program: join(`elasticsearch-${version}`, 'bin', 'elasticsearch'),
    minutes: 1,
    build(folder, progress) {
      progress.step('downloading');
      const group = 'org.elasticsearch.distribution.integ-test-zip';
      return unpackMavenZip({ group, name: 'elasticsearch', version }, folder);
    },
  };
}

export function elasticsearchJava(version: ElasticsearchVersion): JavaRange {
  // 7.17 needs the security manager, which Java 24 removed.
  return version === '7.17.28' ? { from: 11, to: 23 } : { from: 21 };
}

export interface ElasticsearchOptions {
  /** Default: 8.19.0. */
  readonly version?: ElasticsearchVersion;
  /** Turns security on; this is the password of the user `holdfast`, who may do everything. */
  readonly password?: string;
  /** With `password`: further users, each with the rights of a role of its own; they have the same password. */
  readonly users?: Readonly<Record<string, ElasticsearchRole>>;
  /** Kept when the server stops, with the repositories of type `fs`. Default: a temporary one, removed then. */
  readonly dataDir?: string;
  /** Of the HTTP interface. Default: a free one. */
  readonly port?: number;
  /** Further settings as elasticsearch.yml names them. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** As `PUT _security/role` takes it. */
export interface ElasticsearchRole {
  readonly cluster: readonly string[];
  readonly indices: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[];
}

export interface ElasticsearchServer extends RunningServer {
  /** A directory in which repositories of type `fs` may be. */
  readonly repositories: string;
}

/** Starts a cluster of one node; its `address` is a URL. Its `GET /` answers 405: that is a module, too. */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<ElasticsearchServer> {
  const { version = '8.19.0' } = options;
  const java = await findJava(elasticsearchJava(version));
  const program = await findOrBuild(elasticsearchTool(version));
  return retryOnTakenPort(() => start(java, join(program, '..', '..'), options));
}

async function start(
  java: string,
  program: string,
  options: ElasticsearchOptions,
): Promise<ElasticsearchServer> {
  const { version = '8.19.0', password } = options;
  const folders = await makeNodeFolders('elasticsearch', program, options.dataDir);
  try {
    const [http = 0, transport = 0] = await freePorts(2);
    const ports = { http: options.port ?? http, transport };
    const settings = {
      ...nodeSettings(folders, ports),
      'xpack.security.enabled': password !== undefined,
      // It would make certificates for a quarter of a minute.
      ...(version === '7.17.28' ? {} : { 'xpack.security.autoconfiguration.enabled': false }),
      ...options.settings,
    };
    const jvm = [...javaOptions, `-Djava.io.tmpdir=${folders.temporary}`];
    const names = password === undefined ? [] : ['holdfast', ...Object.keys(options.users ?? {})];
    const files = {
      'elasticsearch.yml': JSON.stringify(settings, undefined, 2),
      'jvm.options': jvm.map((option) => `${option}\n`).join(''),
      'log4j2.properties': logging,
      'role_mapping.yml': '',
      // A role begins at the start of a line.
      'roles.yml': Object.entries(options.users ?? {})
        .map(([name, role]) => `${name}: ${JSON.stringify(role)}\n`)
        .join(''),
      users: password === undefined ? '' : names.map((name) => `${name}:${hashed(password)}\n`).join(''),
      users_roles: names.map((name) => `${name === 'holdfast' ? 'superuser' : name}:${name}\n`).join(''),
    };
    for (const [name, text] of Object.entries(files)) await writeForNode(folders, name, text);

    const address = `http://127.0.0.1:${ports.http}`;
    const login = Buffer.from(`holdfast:${password ?? ''}`).toString('base64');
    const headers = password === undefined ? {} : { Authorization: `Basic ${login}` };
    const server = await startServer({
      name: 'Elasticsearch',
      address,
      command: [join(folders.home, 'bin', 'elasticsearch')],
      cwd: folders.temporary,
      env: {
        ...{ ES_JAVA_HOME: java, ES_PATH_CONF: folders.config, ES_TMPDIR: folders.temporary },
        // Of the program that starts the server.
        CLI_JAVA_OPTS: '-XX:TieredStopAtLevel=1',
      },
      user: folders.user,
      ready: () => isReady(address, headers),
      cleanUp: () => folders.remove(),
    });
    return { ...server, repositories: folders.repositories };
  } catch (error) {
    await folders.remove();
    throw error;
  }
}

/** As Elasticsearch's file of users takes it. */
function hashed(password: string): string {
  const rounds = 10_000;
  const salt = randomBytes(32);
  const key = pbkdf2Sync(password, salt, rounds, 32, 'sha512');
  return `{PBKDF2}${rounds}$${salt.toString('base64')}$${key.toString('base64')}`;
}
