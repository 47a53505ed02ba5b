import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { spawnTied } from '../../stores/lifeline.ts';
import { freePorts } from '../../services/ports.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';
import { searchAttributes } from '../../workflows/contract/names.ts';

let folder: string;
const servers: TemporalServer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-worker-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => rm(folder, { recursive: true }));

async function temporal(options: Parameters<typeof startTemporal>[0] = {}): Promise<TemporalServer> {
  const server = await startTemporal(options);
  servers.push(server);
  return server;
}

/** A worker as a process of its own. */
async function worker(settings: object) {
  const file = join(folder, 'holdfast.yaml');
  await writeFile(file, JSON.stringify(settings));
  const main = join(import.meta.dirname, '../../worker/main.ts');
  const { child, stdout } = spawnTied([process.execPath, main, '--config', file], {});
  let text = '';
  const heard = new EventTarget();
  stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    heard.dispatchEvent(new Event('text'));
  });
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    exit,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    text: () => text,
    async says(part: string): Promise<void> {
      while (!text.includes(part)) {
        await Promise.race([
          new Promise((resolve) => heard.addEventListener('text', resolve, { once: true })),
          exit.then((code) => {
            throw new Error(`ended with ${code} and never said ${part}:\n${text}`);
          }),
        ]);
      }
    },
  };
}

const settings = (address: string, others: object = {}): object => ({
  temporal: { address, ...others },
  worker: { status: { port: 0 } },
  storages: { local: { directory: { path: './backups' } } },
  jobs: { demo: { storage: 'local', consul: { address: 'http://127.0.0.1:1' } } },
});

test('it registers the search attributes, serves, and stops when it is told to', async () => {
  const { address } = await temporal();
  const process = await worker(settings(address));
  await process.says('"msg":"Ready"');
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({
    namespace: 'default',
  });
  await connection.close();
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.keys(searchAttributes)));

  process.kill('SIGTERM');
  expect(await process.exit).toBe(0);
  expect(process.text()).toContain('"msg":"Stopped"');
});

test('it waits for a Temporal that comes later', async () => {
  const [port = 0] = await freePorts(1);
  const process = await worker(settings(`127.0.0.1:${port}`));
  await process.says(`Temporal does not answer at 127.0.0.1:${port}`);
  await temporal({ port });
  await process.says('"msg":"Ready"');
  process.kill('SIGINT');
  expect(await process.exit).toBe(0);
});

test('it can be stopped while it waits', async () => {
  const process = await worker(settings('127.0.0.1:1'));
  await process.says('Temporal does not answer at 127.0.0.1:1');
  process.kill('SIGTERM');
  expect(await process.exit).toBe(0);
});

test('a namespace that is not there is a mistake, not a thing to wait for', async () => {
  const { address } = await temporal();
  const process = await worker(settings(address, { namespace: 'nope' }));
  expect(await process.exit).toBe(2);
  expect(process.text()).toContain(`Temporal at ${address} has no namespace`);
  expect(process.text()).toContain('temporal operator namespace create --namespace nope');
});

test('a mistake in the configuration is told with its place', async () => {
  const process = await worker({ storages: {}, jobs: { demo: { storage: 'nope' } } });
  expect(await process.exit).toBe(2);
  expect(process.text()).toContain('holdfast.yaml:1:');
});
