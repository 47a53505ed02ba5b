import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { startS3 } from '../../services/s3.ts';
import { startTemporal } from '../../services/temporal.ts';
import type { Page } from 'playwright-core';
import { startWorkerProcess } from '../chaos/worker-process.ts';
import { openBrowser } from './browser.ts';

/** What an operator has: servers, a worker, a terminal, and a browser. */
export interface Scene {
  readonly consul: ConsulServer;
  /** URL of the namespace in the UI. */
  readonly ui: string;
  /** So wide that a small laptop shows as much. */
  readonly page: Page;
  /** Runs a command line in a process of its own; gives its standard output. Throws where it fails. */
  holdfast(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const project = join(import.meta.dirname, '../..');

/** One job, `consul`. */
export async function startScene(schedule: object): Promise<Scene> {
  const started = new AsyncDisposableStack();
  const stopping = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
    started.defer(() => server.stop());
    return server;
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-browser-'));
    started.defer(() => rm(folder, { recursive: true, force: true }));
    const [temporal, consul, s3] = await Promise.all([
      startTemporal({ ui: true }).then(stopping),
      startConsul().then(stopping),
      startS3({ buckets: ['backups'] }).then(stopping),
    ]);
    const config = join(folder, 'holdfast.yaml');
    const storage = {
      bucket: 'backups',
      endpoint: s3.address,
      region: s3.region,
      path_style: true,
      access_key_id: s3.accessKeyId,
      secret_access_key: s3.secretAccessKey,
    };
    const settings = {
      temporal: { address: temporal.address },
      worker: { status: { port: 0 } },
      storages: { main: { s3: storage } },
      jobs: { consul: { storage: 'main', consul: { address: consul.address }, schedule } },
    };
    await writeFile(config, JSON.stringify(settings));
    const worker = await startWorkerProcess(config);
    started.defer(() => worker.kill());

    const browser = await openBrowser();
    started.defer(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    page.setDefaultTimeout(20_000);

    const main = join(project, 'client/main.ts');
    return {
      consul,
      page,
      ui: `${temporal.uiAddress ?? ''}/namespaces/${temporal.namespace}`,
      async holdfast(...args) {
        const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, '--config', config]);
        return stdout;
      },
      stop: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}
