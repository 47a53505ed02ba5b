import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOrBuild } from './cache/find.ts';
import { buildGoProgram } from './cache/go.ts';
import type { Tool } from './cache/tool.ts';
import { makeCertificates, type Certificates } from './certificates.ts';
import { freePorts } from './ports.ts';
import { retryOnTakenPort, startServer, type RunningServer } from './server.ts';

export const consul: Tool = {
  name: 'consul',
  version: '1.22.5',
  program: 'consul',
  shows: { arguments: ['version'], pattern: /^Consul v1\.22\.5$/m },
  minutes: 6,
  build: (folder, progress) =>
    buildGoProgram(
      { package: 'github.com/hashicorp/consul', version: 'v1.22.5', file: 'consul' },
      folder,
      progress,
    ),
};

export interface ConsulOptions {
  /** Turns ACLs on with default deny; this is the management token. */
  readonly token?: string;
  /** A server that keeps its data here, over restarts too. Default: `-dev`, in memory. */
  readonly dataDir?: string;
  /** Of the HTTP interface (HTTPS with `tls`). Default: a free one. */
  readonly port?: number;
  /** HTTPS only, and a client must show a certificate. */
  readonly tls?: boolean;
  readonly datacenter?: string;
  /** Further settings as Consul's configuration names them, for example `{ limits: { kv_max_value_size: … } }`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface ConsulServer extends RunningServer {
  readonly token?: string;
  readonly datacenter: string;
  /** Paths of PEM files for a client, with `tls`. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

export async function startConsul(options: ConsulOptions = {}): Promise<ConsulServer> {
  const program = await findOrBuild(consul);
  return retryOnTakenPort(() => start(program, options));
}

async function start(program: string, options: ConsulOptions): Promise<ConsulServer> {
  const { dataDir, token, datacenter = 'dc1' } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'holdfast-consul-'));
  const removeScratch = () => rm(scratch, { recursive: true, force: true });
  try {
    if (dataDir) await mkdir(dataDir, { recursive: true });
    const ports = await choosePorts(dataDir, options.port);
    const certificates = options.tls
      ? await makeCertificates(scratch, [`server.${datacenter}.consul`])
      : undefined;
    const file = join(scratch, 'consul.json');
    const settings = { ...configuration(options, ports, certificates), ...options.settings };
    await writeFile(file, JSON.stringify(settings, undefined, 2), { mode: 0o600 });

    const address = `${certificates ? 'https' : 'http'}://127.0.0.1:${ports.http}`;
    const tls = certificates && {
      ca: certificates.ca,
      cert: certificates.clientCert,
      key: certificates.clientKey,
    };
    const server = await startServer({
      name: 'Consul',
      address,
      command: [program, 'agent', ...(dataDir ? [] : ['-dev']), '-config-file', file],
      ready: () => acceptsWrites(address, token, tls),
      cleanUp: removeScratch,
    });
    return { ...server, datacenter, ...(token ? { token } : {}), ...(tls ? { tls } : {}) };
  } catch (error) {
    await removeScratch();
    throw error;
  }
}

interface Ports {
  readonly http: number;
  readonly server: number;
  readonly lan: number;
  readonly wan: number;
}

/**
 * A server finds itself in its Raft configuration by address. After a restart it must have the ports it had, or it
 * waits for ever for a leader; so they are kept beside its data.
 */
async function choosePorts(dataDir: string | undefined, wanted: number | undefined): Promise<Ports> {
  const [http = 0, server = 0, lan = 0, wan = 0] = await freePorts(4);
  const fresh: Ports = { http: wanted ?? http, server, lan, wan };
  if (!dataDir) return fresh;
  const file = join(dataDir, 'holdfast-ports.json');
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before !== undefined) {
    const kept = JSON.parse(before) as Ports;
    return { ...kept, http: wanted ?? kept.http };
  }
  await writeFile(file, JSON.stringify(fresh));
  return fresh;
}

function configuration(options: ConsulOptions, ports: Ports, certificates: Certificates | undefined) {
  const { dataDir, token, datacenter = 'dc1' } = options;
  return {
    datacenter,
    node_name: 'holdfast',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    log_level: 'warn',
    disable_update_check: true,
    ...(dataDir ? { server: true, bootstrap_expect: 1, data_dir: dataDir } : {}),
    ports: {
      http: certificates ? -1 : ports.http,
      https: certificates ? ports.http : -1,
      server: ports.server,
      serf_lan: ports.lan,
      serf_wan: ports.wan,
      ...{ dns: -1, grpc: -1, grpc_tls: -1 },
    },
    // A lone server need not wait for others: a leader within a second.
    performance: { raft_multiplier: 1 },
    ...(token
      ? {
          acl: { enabled: true, default_policy: 'deny', tokens: { initial_management: token, agent: token } },
        }
      : {}),
    ...(certificates
      ? {
          tls: {
            defaults: {
              ca_file: certificates.ca,
              cert_file: certificates.serverCert,
              key_file: certificates.serverKey,
              verify_incoming: true,
              verify_outgoing: true,
            },
          },
        }
      : {}),
  };
}

const probeKey = '.holdfast-services-ready';

/** A leader alone is not enough: with ACLs the management token appears a moment later. */
async function acceptsWrites(address: string, token?: string, tls?: ConsulServer['tls']): Promise<void> {
  const files = tls && {
    ca: await readFile(tls.ca),
    cert: await readFile(tls.cert),
    key: await readFile(tls.key),
  };
  const call = (method: string, path: string) =>
    new Promise<string>((resolve, reject) => {
      const request = (files ? httpsRequest : httpRequest)(
        `${address}${path}`,
        { method, ...files, agent: false, timeout: 2_000, headers: token ? { 'X-Consul-Token': token } : {} },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (text: string) => (body += text));
          response.on('end', () => {
            if (response.statusCode === 200) resolve(body);
            else reject(new Error(`${method} ${path}: ${response.statusCode ?? 0} ${body}`));
          });
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer in 2 seconds')));
      request.on('error', reject).end();
    });

  const leader = await call('GET', '/v1/status/leader');
  if (leader === '""') throw new Error('no leader yet');
  await call('PUT', `/v1/kv/${probeKey}`);
  await call('DELETE', `/v1/kv/${probeKey}`);
}
