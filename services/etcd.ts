import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './cache/command.ts';
import { findOrBuild } from './cache/find.ts';
import { buildGoProgram } from './cache/go.ts';
import type { Tool } from './cache/tool.ts';
import { makeCertificates } from './certificates.ts';
import { unpackPackage } from './debian.ts';
import { freePorts } from './ports.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

const version = '3.6.16';

export const etcd = etcdTool('etcd', 'server', /^etcd Version: 3\.6\.16$/m, ['--version'], 2);
export const etcdctl = etcdTool('etcdctl', 'etcdctl', /^etcdctl version: 3\.6\.16$/m, ['version'], 1);
export const etcdutl = etcdTool('etcdutl', 'etcdutl', /^etcdutl version: 3\.6\.16$/m, ['version'], 1);

/** The oldest release that is tested. There is no Go module of it; Debian 12 has a package. */
export const etcd34: Tool = {
  name: 'etcd',
  version: '3.4',
  program: 'usr/bin/etcd',
  shows: { arguments: ['--version'], pattern: /^etcd Version: 3\.4\./m },
  minutes: 1,
  build: (folder, progress) => {
    progress.step("unpacking Debian's package etcd-server");
    return unpackPackage('etcd-server', folder);
  },
};

function etcdTool(
  name: string,
  folder: string,
  versionPattern: RegExp,
  versionArguments: readonly string[],
  minutes: number,
): Tool {
  return {
    name,
    version,
    program: name,
    shows: { arguments: versionArguments, pattern: versionPattern },
    minutes,
    build: (home, progress) =>
      buildGoProgram(
        { package: `go.etcd.io/etcd/${folder}/v3`, version: `v${version}`, file: name },
        home,
        progress,
      ),
  };
}

export interface EtcdOptions {
  /** Default: `etcd`, the newest. */
  readonly tool?: Tool;
  /** Kept when the server stops. Default: a temporary one, removed then. */
  readonly dataDir?: string;
  /** Of the interface for clients. Default: a free one. */
  readonly port?: number;
  /** TLS only, and a client must show a certificate. */
  readonly tls?: boolean;
  /** Turns authentication on; this is the password of the user `root`. */
  readonly rootPassword?: string;
  /** Further flags, for example `--quota-backend-bytes=16777216`. */
  readonly flags?: readonly string[];
}

export interface EtcdServer extends RunningServer {
  /** Paths of PEM files for a client, with `tls`. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Runs etcdctl against this server, as root where there is authentication. Gives what it printed. */
  ctl(...words: readonly string[]): Promise<string>;
}

/** Starts a cluster of one member; its `address` is a URL. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  const [server] = await startCluster(1, options);
  if (server === undefined) throw new Error('a cluster of one member has one');
  return server;
}

/** Starts a cluster. Its data is temporary. */
export async function startEtcdCluster(
  members: number,
  options: Pick<EtcdOptions, 'flags'> = {},
): Promise<readonly EtcdServer[]> {
  return startCluster(members, options);
}

async function startCluster(members: number, options: EtcdOptions): Promise<readonly EtcdServer[]> {
  const programs = { etcd: await findOrBuild(options.tool ?? etcd), etcdctl: await findOrBuild(etcdctl) };
  return retryOnTakenPort(async () => {
    const ports = await freePorts(2 * members);
    const plans = Array.from({ length: members }, (_, index) => ({
      name: `member${index + 1}`,
      client: (members === 1 ? options.port : undefined) ?? ports[2 * index] ?? 0,
      peer: ports[2 * index + 1] ?? 0,
    }));
    const cluster = plans.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(',');
    const starting = plans.map((plan) => startMember(programs, plan, cluster, options));
    try {
      return await Promise.all(starting);
    } catch (error) {
      const started = await Promise.allSettled(starting);
      await Promise.all(
        started.flatMap((result) => (result.status === 'fulfilled' ? [result.value.stop()] : [])),
      );
      throw error;
    }
  });
}

async function startMember(
  programs: { readonly etcd: string; readonly etcdctl: string },
  { name, client, peer }: { readonly name: string; readonly client: number; readonly peer: number },
  cluster: string,
  { dataDir, tls: withTls, rootPassword, flags = [] }: EtcdOptions,
): Promise<EtcdServer> {
  const scratch = await mkdtemp(join(tmpdir(), 'holdfast-etcd-'));
  const removeScratch = () => rm(scratch, { recursive: true, force: true });
  try {
    const certificates = withTls ? await makeCertificates(scratch, []) : undefined;
    const tls = certificates && {
      ca: certificates.ca,
      cert: certificates.clientCert,
      key: certificates.clientKey,
    };
    const address = `${tls ? 'https' : 'http'}://127.0.0.1:${client}`;
    const peerAddress = `http://127.0.0.1:${peer}`;
    const connect = [
      programs.etcdctl,
      `--endpoints=${address}`,
      ...(tls ? [`--cacert=${tls.ca}`, `--cert=${tls.cert}`, `--key=${tls.key}`] : []),
    ];
    const anonymous = (...words: readonly string[]) => run([...connect, ...words], { cwd: scratch });
    const user = rootPassword === undefined ? [] : [`--user=root:${rootPassword}`];
    const ctl = (...words: readonly string[]) => run([...connect, ...user, ...words], { cwd: scratch });

    const server = await startServer({
      name: 'etcd',
      address,
      command: [
        ...[programs.etcd, `--name=${name}`, `--data-dir=${dataDir ?? join(scratch, 'data')}`],
        ...[`--listen-client-urls=${address}`, `--advertise-client-urls=${address}`],
        ...[`--listen-peer-urls=${peerAddress}`, `--initial-advertise-peer-urls=${peerAddress}`],
        ...[`--initial-cluster=${cluster}`, '--logger=zap', '--log-level=warn'],
        ...(certificates
          ? [
              ...[`--cert-file=${certificates.serverCert}`, `--key-file=${certificates.serverKey}`],
              ...[`--trusted-ca-file=${certificates.ca}`, '--client-cert-auth'],
            ]
          : []),
        ...flags,
      ],
      ready: () => isHealthy(address, tls),
      cleanUp: removeScratch,
    });
    if (rootPassword !== undefined) await requireRoot(anonymous, ctl, rootPassword);
    return { ...server, ctl, ...(tls ? { tls } : {}) };
  } catch (error) {
    await removeScratch();
    throw error;
  }
}

type Ctl = (...words: readonly string[]) => Promise<string>;

/** Turns authentication on, unless it was before a restart. */
async function requireRoot(anonymous: Ctl, ctl: Ctl, password: string): Promise<void> {
  const isOn = await ctl('auth', 'status').catch(() => '');
  if (isOn.includes('Authentication Status: true')) return;
  await anonymous('user', 'add', `root:${password}`);
  await anonymous('user', 'grant-role', 'root', 'root');
  await anonymous('auth', 'enable');
}

/** A member is healthy when it can read through the leader. */
async function isHealthy(address: string, tls: EtcdServer['tls']): Promise<void> {
  const files = tls && {
    ca: await readFile(tls.ca),
    cert: await readFile(tls.cert),
    key: await readFile(tls.key),
  };
  await new Promise<void>((resolve, reject) => {
    const request = (files ? httpsRequest : httpRequest)(
      `${address}/health`,
      { ...files, agent: false, timeout: 2_000 },
      (response) => {
        response.resume();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`/health answers ${response.statusCode ?? 0}`));
      },
    );
    request.on('timeout', () => request.destroy(new Error('no answer in 2 seconds')));
    request.on('error', reject).end();
  });
}
