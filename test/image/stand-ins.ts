import { copyFile, cp, link, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run } from '../../services/cache/command.ts';
import { findOrBuild } from '../../services/cache/find.ts';
import type { Tool } from '../../services/cache/tool.ts';
import { consul } from '../../services/consul.ts';
import { elasticsearchJava, elasticsearchTool } from '../../services/elasticsearch.ts';
import { etcd, etcdctl, etcdutl } from '../../services/etcd.ts';
import { findJava } from '../../services/java.ts';
import { opensearch, opensearchJava } from '../../services/opensearch.ts';
import { versitygw } from '../../services/s3.ts';
import { temporal } from '../../services/temporal.ts';
import type { Docker } from './docker.ts';
import { debianRoot, motoWheels, temporalServer, temporalSqlTool, temporalUi } from './programs.ts';

/** What goes into the image beside the files of its folder in stand-ins/: files and folders, by the names they get. */
type Contents = () => Names | Promise<Names>;
type Names = Readonly<Record<string, string>>;

/**
 * Where no image can be pulled: for each repository, an image of the same server, made of what the package registries
 * give. Each gets the very tag that is asked for, which its programs may not be of.
 */
const standIns: Readonly<Record<string, { readonly folder: string; readonly contents: Contents }>> = {
  node: { folder: 'node', contents: nodeAndNpm },
  postgres: { folder: 'postgres', contents: nothing },
  'temporalio/server': { folder: 'temporal-server', contents: programs(temporalServer) },
  'temporalio/admin-tools': { folder: 'temporal-admin-tools', contents: programs(temporal, temporalSqlTool) },
  'temporalio/ui': { folder: 'temporal-ui', contents: programs(temporalUi) },
  'hashicorp/consul': { folder: 'consul', contents: programs(consul) },
  'quay.io/coreos/etcd': { folder: 'etcd', contents: programs(etcd, etcdctl, etcdutl) },
  'versity/versitygw': { folder: 'versitygw', contents: programs(versitygw) },
  'docker.elastic.co/elasticsearch/elasticsearch': { folder: 'elasticsearch', contents: elasticsearchHome },
  'opensearchproject/opensearch': { folder: 'opensearch', contents: opensearchHome },
  'motoserver/moto': { folder: 'moto', contents: wheels },
};

/** Makes a stand-in for each of the images. */
export async function makeStandIns(docker: Docker, images: readonly string[]): Promise<void> {
  await docker.run(['import', await findOrBuild(debianRoot), 'debian:bookworm-slim']);
  await build(docker, 'holdfast-stand-in/base', 'base', nothing);
  for (const image of images.filter((name) => name !== 'debian:bookworm-slim')) {
    const standIn = standIns[image.slice(0, image.lastIndexOf(':'))];
    if (standIn === undefined) throw new Error(`There is no stand-in for ${image}.`);
    await build(docker, image, standIn.folder, standIn.contents);
  }
}

async function build(docker: Docker, tag: string, folder: string, contents: Contents): Promise<void> {
  process.stderr.write(`Making a stand-in for ${tag}\n`);
  const context = await mkdtemp(join(tmpdir(), 'holdfast-stand-in-'));
  try {
    await cp(resolve(import.meta.dirname, 'stand-ins', folder), context, { recursive: true });
    for (const [name, from] of Object.entries(await contents())) await linkTree(from, join(context, name));
    const registry = await run(['npm', 'config', 'get', 'registry'], { cwd: '/' });
    await docker.run(['build', '--tag', tag, '--build-arg', `NPM_REGISTRY=${registry}`, context]);
  } finally {
    await rm(context, { recursive: true });
  }
}

async function linkTree(from: string, to: string): Promise<void> {
  if (!(await stat(from)).isDirectory()) {
    await link(from, to).catch(() => copyFile(from, to));
    return;
  }
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) await linkTree(join(from, name), join(to, name));
}

function nothing(): Names {
  return {};
}

function programs(...tools: readonly Tool[]): Contents {
  return async () => {
    const found: Record<string, string> = {};
    for (const tool of tools) found[tool.name] = await findOrBuild(tool);
    return found;
  };
}

function nodeAndNpm(): Names {
  const { npm_execpath: npm, NODE_EXTRA_CA_CERTS: authorities } = process.env;
  if (npm === undefined)
    throw new Error('npm does not say where it is: start this with `npm run test:image`.');
  return {
    node: process.execPath,
    npm: dirname(dirname(npm)),
    'authorities.pem': authorities ?? '/etc/ssl/certs/ca-certificates.crt',
  };
}

async function wheels(): Promise<Names> {
  return { wheels: dirname(await findOrBuild(motoWheels)) };
}

/** Of the very release that docker-compose.yml names. */
async function elasticsearchHome(): Promise<Names> {
  const program = await findOrBuild(elasticsearchTool('9.1.0'));
  return { home: dirname(dirname(program)), java: await findJava(elasticsearchJava('9.1.0')) };
}

async function opensearchHome(): Promise<Names> {
  const program = await findOrBuild(opensearch);
  return { home: dirname(dirname(program)), java: await findJava(opensearchJava) };
}
