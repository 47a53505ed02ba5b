import { setTimeout as sleep } from 'node:timers/promises';
import type { JobConfig, ScheduleSettings } from '../../../config/config.ts';
import { planReconciliation, reconcile } from '../../../client/schedules/reconcile.ts';
import type { BackupResult } from '../../../workflows/contract/backup.ts';
import {
  backupId,
  backupScheduleId,
  backupWorkflowId,
  restoreMessages,
} from '../../../workflows/contract/names.ts';
import type { RestoreStatus } from '../../../workflows/contract/restore.ts';
import { startingBackup } from '../../../workflows/contract/starting.ts';
import { change, type Rig, startRig } from '../../workflows/rig.ts';
import { schedule } from '../settings.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({
    fires: { prefix: 'fires/' },
    slow: { prefix: 'slow/' },
    gone: { prefix: 'gone/' },
    busy: { prefix: 'busy/' },
  });
});

afterAll(() => rig.stop());

/** A schedule every two seconds. */
const often = (others: Partial<ScheduleSettings> = {}): ScheduleSettings =>
  schedule('*/2 * * * * *', { jitter: 0, ...others });

async function startSchedule(job: string, settings: ScheduleSettings): Promise<void> {
  const known = rig.config.jobs.get(job);
  if (known === undefined) throw new Error(`no job ${job}`);
  const config = { ...rig.config, jobs: new Map([[job, { ...known, schedule: settings }]]) };
  await reconcile(rig.client, config, await planReconciliation(rig.client, config), false);
}

/** The ids of the workflows that the schedule has started. */
async function startedBy(job: string): Promise<readonly string[]> {
  const { info } = await rig.client.schedule.getHandle(backupScheduleId(job)).describe();
  return info.recentActions.map(({ action }) => action.workflow.workflowId);
}

async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; ;) {
    const value = await what();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error('it did not come true in a minute');
    await sleep(200);
  }
}

test('a schedule fires, its run succeeds, and both are named after the scheduled time', async () => {
  await change(rig, { 'fires/a': '1' });
  await startSchedule('fires', often({ jitter: 900 }));
  const workflowId = await until(async () => (await startedBy('fires'))[1]);
  await rig.client.schedule.getHandle(backupScheduleId('fires')).delete();

  const handle = rig.client.workflow.getHandle(workflowId);
  const result = (await handle.result()) as BackupResult;
  expect(backupWorkflowId('fires', result.id)).toBe(workflowId);
  // The time of the schedule, not the later one that the jitter made of it.
  expect(Number(result.id.slice(-3, -1)) % 2).toBe(0);
  expect(await rig.stored('fires')).toContain(`fires/${result.id}/manifest.json`);
  const { memo } = await handle.describe();
  expect(memo).toMatchObject({ holdfastCron: '*/2 * * * * *' });
});

test('a run that is due while another is at work drops out', async () => {
  await change(rig, { 'slow/a': '1' });
  rig.s3Gate.hold();
  try {
    await startSchedule('slow', often());
    const schedules = rig.client.schedule.getHandle(backupScheduleId('slow'));
    const skipped = await until(async () => {
      const { info } = await schedules.describe();
      return info.numActionsSkippedOverlap >= 2 ? info : undefined;
    });
    expect(skipped.runningActions).toHaveLength(1);
    expect(skipped.numActionsTaken).toBe(1);

    // A person who presses the button starts no second one either, if they leave the policy as it is.
    await schedules.trigger('SKIP');
    expect((await schedules.describe()).info.numActionsTaken).toBe(1);
    await schedules.delete();
  } finally {
    rig.s3Gate.release();
  }
});

test('the restore workflow of a job that is gone is stopped where it is idle, and left where it is at work', async () => {
  await startSchedule('gone', schedule('0 1 * * *'));
  await startSchedule('busy', schedule('0 1 * * *'));
  await change(rig, { 'busy/a': '1' });
  const id = backupId(new Date());
  const { type, ...options } = startingBackup({ job: 'busy', store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job: 'busy', id }] });
  await change(rig, { 'busy/a': null });
  const busy = rig.client.workflow.getHandle('restore-busy');
  await busy.signal(restoreMessages.requestRestore, {});
  await until(async () => {
    const { phase } = await busy.query<RestoreStatus>(restoreMessages.status);
    return phase === 'waiting for approval' ? phase : undefined;
  });

  const nothing = { ...rig.config, jobs: new Map<string, JobConfig>() };
  const plan = await until(async () => {
    const candidate = await planReconciliation(rig.client, nothing);
    const stops = candidate.standbys.map((step) => step.id);
    return ['restore-gone', 'restore-busy'].every((name) => stops.includes(name)) ? candidate : undefined;
  });
  const { notStopped } = await reconcile(rig.client, nothing, plan, true);
  expect(notStopped).toEqual(['restore-busy']);
  await expect(rig.client.workflow.getHandle('restore-gone').result()).rejects.toThrow('cancelled');
  expect((await busy.describe()).status.name).toBe('RUNNING');
});
