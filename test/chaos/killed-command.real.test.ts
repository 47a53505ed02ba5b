import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { registerSearchAttributes } from '../../config/search-attributes.ts';
import { startTemporal } from '../../services/temporal.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingTask } from '../../workflows/contract/starting.ts';
import { taskResultIn } from '../../workflows/contract/task.ts';
import { startWorkerProcess } from './worker-process.ts';

let things: AsyncDisposableStack;
let scratch: string;
let client: Client;
let configFile: string;

/** Says when it begins and when it is told to stop; the second attempt ends by itself. */
const script = (log: string): string => `
  echo begins >> ${log}; echo seen
  if [ $(grep -c begins ${log}) = 2 ]; then echo ends >> ${log}; exit 0; fi
  trap 'echo stops >> ${log}; exit 1' TERM
  sleep 600 & wait`;

beforeAll(async () => {
  things = new AsyncDisposableStack();
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-killed-command-'));
  things.defer(() => rm(scratch, { recursive: true, force: true }));
  const [temporal] = await Promise.all([startTemporal(), workflowBundle()]);
  things.defer(() => temporal.stop());
  const connection = await Connection.connect({ address: temporal.address });
  things.defer(() => connection.close());
  await registerSearchAttributes(connection, 'default');
  client = new Client({ connection });
  configFile = join(scratch, 'holdfast.yaml');
  const job = (name: string, retries: number) => ({
    command: { shell: script(join(scratch, name)), retries, grace: '5s' },
  });
  await writeFile(
    configFile,
    JSON.stringify({
      temporal: { address: temporal.address },
      worker: { commands: true, status: { port: 0 } },
      jobs: { once: job('once', 0), again: job('again', 1) },
    }),
  );
});

afterAll(() => things.disposeAsync());

const lines = async (name: string): Promise<readonly string[]> =>
  (await readFile(join(scratch, name), 'utf8').catch(() => '')).split('\n').slice(0, -1);

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await condition());) {
    if (Date.now() > end) throw new Error('it did not come true in a minute');
    await sleep(100);
  }
}

test('checklist 17: a command ends with its killed worker, before another worker runs it again', async () => {
  const killed = await startWorkerProcess(configFile);
  things.defer(() => killed.kill());
  const id = backupId(new Date());
  const [once, again] = await Promise.all(
    ['once', 'again'].map(async (job) => {
      const { type, ...options } = startingTask({ job, kind: 'command' }, id);
      return client.workflow.start(type, { ...options, args: [{ job, id }] });
    }),
  );
  await until(async () => (await lines('once')).length === 1 && (await lines('again')).length === 1);
  // So that a heartbeat tells of the output.
  await sleep(5000);
  await killed.kill();
  await until(async () => (await lines('once')).length === 2 && (await lines('again')).length === 2);
  expect(await lines('again')).toEqual(['begins', 'stops']);

  const other = await startWorkerProcess(configFile);
  things.defer(() => other.kill());
  expect(await again?.result()).toMatchObject({ exitStatus: 0, attempt: 2 });
  expect(await lines('again')).toEqual(['begins', 'stops', 'begins', 'ends']);

  const error: unknown = await once?.result().catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  expect(error.cause).toMatchObject({
    type: 'TaskInterrupted',
    message: 'Task once: its worker fell silent while it was at work.',
  });
  expect(taskResultIn(error.cause.details)).toMatchObject({ stdout: { text: 'seen\n' } });
  expect(await lines('once')).toEqual(['begins', 'stops']);
});

test('checklist 61: SIGTERM ends an idle worker that runs commands with exit status 0', async () => {
  const worker = await startWorkerProcess(configFile);
  expect(await worker.terminate()).toBe(0);
});
