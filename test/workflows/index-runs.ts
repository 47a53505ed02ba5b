import { setTimeout as sleep } from 'node:timers/promises';
import { readEntry } from '../../storage/catalog.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import { backupId, restoreWorkflowId } from '../../workflows/contract/names.ts';
import type {
  Approval,
  Decided,
  RestoreReport,
  RestoreRequest,
  RestoreStatus,
} from '../../workflows/contract/restore.ts';
import { startingBackup, startingRestore } from '../../workflows/contract/starting.ts';
import type { Rig } from './rig.ts';

/** Backups and restores of jobs that stand for indices, as Temporal runs them. */

/** An id has whole seconds. */
export async function nextId(): Promise<string> {
  await sleep(1_000);
  return backupId(new Date());
}

export async function startBackup({ client }: Rig, job: string, id: string) {
  const { type, ...options } = startingBackup({ job, store: 'elasticsearch' }, id);
  return client.workflow.start(type, { ...options, args: [{ job, id }] });
}

export async function backUp(rig: Rig, job: string): Promise<Manifest> {
  const id = await nextId();
  await (await startBackup(rig, job, id)).result();
  return manifestOf(rig, job, id);
}

export async function manifestOf({ storage }: Rig, job: string, id = ''): Promise<Manifest> {
  const entry = await readEntry(storage, job, id);
  if (entry.state !== 'published') throw new Error(entry.state);
  return entry.manifest;
}

/** Requests a restore and approves its plan; the status when it waited, or when it was over, comes with the report. */
export async function restoreAs(
  { client }: Rig,
  job: string,
  wish: RestoreRequest & { readonly requestId: string },
  beforeApproval?: () => Promise<unknown>,
): Promise<RestoreReport & { readonly waited: RestoreStatus }> {
  const { type, ...options } = startingRestore({ job, store: 'elasticsearch' });
  await client.workflow.signalWithStart(type, {
    ...options,
    args: [{ job }],
    signal: 'requestRestore',
    signalArgs: [wish],
  });
  const standing = client.workflow.getHandle(restoreWorkflowId(job));
  const until = async (reached: (status: RestoreStatus) => boolean) => {
    for (;;) {
      const status = await standing.query<RestoreStatus>('status').catch(() => undefined);
      if (status !== undefined && reached(status)) return status;
      await sleep(50);
    }
  };
  const isOver = ({ last }: RestoreStatus) => last?.requestId === wish.requestId;
  const waited = await until((status) => status.phase === 'waiting for approval' || isOver(status));
  if (!isOver(waited)) {
    await beforeApproval?.();
    await standing.executeUpdate<Decided, [Approval]>('approve', {
      args: [{ digest: waited.plan?.digest ?? '', by: 'a test' }],
    });
  }
  const { last } = await until(isOver);
  if (last === undefined) throw new Error('no report');
  return { ...last, waited };
}
