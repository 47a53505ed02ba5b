import type { Client } from '@temporalio/client';
import type { WaitingQueue } from './run-view.ts';

/** A worker asks for work at least once a minute; one that was silent for longer is gone. */
const pollsWithin = 90_000;

/** temporal.api.enums.v1.TaskQueueType. */
const queueTypes = { workflow: 1, activity: 2 } as const;

/** Whether somebody takes work from the queue. */
export async function hasWorker(client: Client, { name, kind }: WaitingQueue): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the SDK does not export the enum
    taskQueueType: queueTypes[kind],
  });
  return pollers.some(({ lastAccessTime }) => {
    const seconds = Number(lastAccessTime?.seconds?.toString() ?? 0);
    return Date.now() - seconds * 1000 < pollsWithin;
  });
}
