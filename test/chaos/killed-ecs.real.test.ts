import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { registerSearchAttributes } from '../../config/search-attributes.ts';
import { startTemporal } from '../../services/temporal.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingTask } from '../../workflows/contract/starting.ts';
import type { TaskResult } from '../../workflows/contract/task.ts';
import { startStubEcs } from '../tasks/ecs/stub-ecs.ts';
import { startWorkerProcess } from './worker-process.ts';

const canary = 'canary-secret-of-the-ecs-job';

test('22, 23: a worker is killed after RunTask was taken and before its answer: one task runs, which another worker waits for', async () => {
  await using things = new AsyncDisposableStack();
  const asked = Promise.withResolvers<undefined>();
  const killed = Promise.withResolvers<undefined>();
  const stub = await startStubEcs({
    onStart: async () => {
      asked.resolve(undefined);
      await killed.promise;
    },
  });
  things.defer(() => stub.stop());
  const scratch = await mkdtemp(join(tmpdir(), 'holdfast-killed-ecs-'));
  things.defer(() => rm(scratch, { recursive: true, force: true }));
  const [temporal] = await Promise.all([startTemporal(), workflowBundle()]);
  things.defer(() => temporal.stop());
  const connection = await Connection.connect({ address: temporal.address });
  things.defer(() => connection.close());
  await registerSearchAttributes(connection, 'default');
  const configFile = join(scratch, 'holdfast.yaml');
  const ecs = {
    ...{ task_definition: 'report', region: 'eu-central-1', endpoint: stub.address },
    ...{ access_key_id: 'AKIDFORTESTS', secret_access_key: canary },
  };
  await writeFile(
    configFile,
    JSON.stringify({
      temporal: { address: temporal.address },
      worker: { status: { port: 0 } },
      jobs: { report: { ecs } },
    }),
  );

  const first = await startWorkerProcess(configFile);
  things.defer(() => first.kill());
  const id = backupId(new Date());
  const { type, ...options } = startingTask({ job: 'report', kind: 'ecs' }, id);
  const handle = await new Client({ connection }).workflow.start(type, {
    ...options,
    args: [{ job: 'report', id }],
  });
  await asked.promise;
  await first.kill();
  killed.resolve(undefined);
  const second = await startWorkerProcess(configFile);
  things.defer(() => second.kill());

  const result = (await handle.result()) as TaskResult;
  expect(result).toMatchObject({ exitStatus: 0, ecs: [{ arn: [...stub.tasks.keys()][0] }] });
  expect(stub.tasks.size).toBe(1);
  expect(stub.requestsOf('RunTask')).toHaveLength(1);
  expect(`${first.log()}${second.log()}${JSON.stringify(await handle.fetchHistory())}`).not.toContain(canary);
});
