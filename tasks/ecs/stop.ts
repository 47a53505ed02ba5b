import { StopTaskCommand } from '@aws-sdk/client-ecs';
import type { Ecs } from './client.ts';
import { isEcsError } from './failure.ts';

/**
 * Tells tasks to stop: their containers get SIGTERM, and SIGKILL after their `stopTimeout`. One that is no longer
 * there has stopped.
 *
 * @param reason ECS shows it as `stoppedReason`; at most 255 characters
 */
export async function stopTasks(
  ecs: Ecs,
  cluster: string,
  tasks: readonly string[],
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    tasks.map((task) =>
      ecs.ask(`StopTask of ${task} in cluster ${cluster}`, signal, (client, options) =>
        client.send(new StopTaskCommand({ cluster, task, reason }), options).catch((error: unknown) => {
          if (isEcsError(error, 'InvalidParameterException') && /not found/i.test(error.message)) return;
          throw error;
        }),
      ),
    ),
  );
}
