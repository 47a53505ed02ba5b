import type { Client } from '@temporalio/client';

/** What a health check learns of this process. */
export interface Health {
  readonly ok: boolean;
  readonly status: string;
  /** Whether each queue is asked for work. */
  readonly queues: Readonly<Record<string, boolean>>;
}

/** The worker as it is now; main.ts moves it on. */
export interface Life {
  phase: 'waiting for Temporal' | 'serving' | 'stopping';
  /** Whether each queue is asked for work, by its name. */
  polling: () => ReadonlyMap<string, boolean>;
}

/** Whether the process is as it should be: one that waits for Temporal is, one whose queues nobody asks is not. */
export function liveness(life: Life): Health {
  const queues = Object.fromEntries(life.polling());
  const ok = life.phase !== 'serving' || Object.values(queues).every(Boolean);
  return { ok, status: ok ? life.phase : 'a queue is not asked for work any more', queues };
}

/** Whether it takes work now. */
export async function readiness(life: Life, temporalAnswers: () => Promise<boolean>): Promise<Health> {
  const alive = liveness(life);
  if (life.phase !== 'serving' || !alive.ok) return { ...alive, ok: false };
  return (await temporalAnswers()) ? alive : { ...alive, ok: false, status: 'Temporal does not answer' };
}

/** Milliseconds that Temporal has to answer. */
const patience = 3000;

export function askTemporal(client: Client): Promise<boolean> {
  const { namespace } = client.options;
  return client.connection
    .withDeadline(Date.now() + patience, () => client.workflowService.describeNamespace({ namespace }))
    .then(
      () => true,
      () => false,
    );
}
