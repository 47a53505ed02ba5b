import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { workflowBundle } from '../../worker/bundle.ts';
import { historiesFolder } from './keep-history.ts';

/**
 * Runs that earlier code went through must be decided the same by the code of today: a worker of a new release
 * takes over what an old one began. Recorded by `HOLDFAST_RECORD=1 npm run jest -- test/workflows`.
 */
const histories = readdirSync(historiesFolder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => basename(name, '.json'))
  .sort();

Runtime.install({
  logger: new DefaultLogger('ERROR', () => undefined),
  telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
});

async function replay(codePath: { codePath: string } | { code: string }, name: string): Promise<void> {
  const text = readFileSync(join(historiesFolder, `${name}.json`), 'utf8');
  const workflowId = `${name.replace(/-.*/, '')}-recorded`;
  await Worker.runReplayHistory({ workflowBundle: codePath }, historyFromJSON(JSON.parse(text)), workflowId);
}

test('the histories cover how runs end', () => {
  expect(histories).toEqual([
    'backup',
    'backup-cancelled',
    'backup-failed',
    'backup-in-ecs',
    'backup-in-ecs-cancelled',
    'backup-in-ecs-killed',
    'backup-unchanged',
    'backup-waited',
    'drill',
    'drill-failed',
    'restore-approved',
    'restore-cancelled',
    'restore-continued',
    'restore-declined',
    'restore-expired',
    'restore-failed',
    'restore-waited',
    'task',
    'task-cancelled',
    'task-ecs',
    'task-ecs-cancelled',
    'task-failed',
    'task-retried',
    'task-unserved',
    'verify',
    'verify-damaged',
    'watch',
  ]);
});

test.each(histories)('%s is decided the same again', async (name) => {
  await replay({ codePath: await workflowBundle() }, name);
});

test('a workflow that decides otherwise is found out', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'changed-workflows.ts'),
    logger: new DefaultLogger('ERROR', () => undefined),
  });
  await expect(replay({ code }, 'backup')).rejects.toThrow(DeterminismViolationError);
});
