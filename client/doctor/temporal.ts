import type { Client } from '@temporalio/client';
import { searchAttributes } from '../../workflows/contract/names.ts';
import { controlQueue, dataQueue } from '../../workflows/contract/names.ts';
import { hasWorker } from '../has-worker.ts';
import { failed, type Finding, ok } from './finding.ts';

/** Whether Temporal knows what runs are marked with. */
export async function checkAttributes(client: Client): Promise<readonly Finding[]> {
  const { namespace } = client.options;
  const query = Object.keys(searchAttributes)
    .map((name) => `${name} IS NOT NULL`)
    .join(' OR ');
  const missing = await client.workflowService.countWorkflowExecutions({ namespace, query }).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (missing === undefined) return [ok('search attributes', 'are registered')];
  return [
    failed(
      'search attributes',
      `not all are registered (${missing})`,
      'Register them: holdfast start-schedule',
    ),
  ];
}

/** Whether somebody takes the work of each queue that backups and restores need. */
export async function checkWorkers(client: Client): Promise<readonly Finding[]> {
  const queues = [
    { name: controlQueue, kind: 'workflow' },
    { name: controlQueue, kind: 'activity' },
    { name: dataQueue, kind: 'activity' },
  ] as const;
  const served = await Promise.all(
    queues.map(async (queue) => ({ ...queue, is: await hasWorker(client, queue) })),
  );
  const unserved = [...new Set(served.filter(({ is }) => !is).map(({ name }) => name))];
  if (unserved.length === 0) return [ok('worker', `takes work from ${controlQueue} and ${dataQueue}`)];
  return [
    failed(
      'worker',
      `none takes work from ${unserved.join(' and ')}`,
      'Start one for this namespace: npm run worker. What is due runs as soon as it is there.',
    ),
  ];
}
