import { defaultPayloadConverter } from '@temporalio/client';
import { type RunView, viewOf } from '../../client/run-view.ts';

type Raw = Parameters<typeof viewOf>[0];
type Activity = NonNullable<Raw['pendingActivities']>[number];

const now = Date.parse('2026-11-22T04:15:00Z');

/** A time of Temporal, so many seconds before now. */
function ago(seconds: number): NonNullable<Activity['scheduledTime']> {
  // The SDK gives 64-bit numbers as objects with a decimal text.
  const text = { toString: () => String(now / 1000 - seconds) } as unknown;
  return { seconds: text, nanos: 0 } as NonNullable<Activity['scheduledTime']>;
}

function beat(details: unknown): Pick<Activity, 'heartbeatDetails'> {
  return { heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)] } };
}

const scheduled = 1;
const started = 2;

/** The SDK's types want enums that it does not export. */
function view(raw: unknown): RunView {
  return viewOf(raw as Raw, now);
}

const nothing: RunView = {
  progress: undefined,
  troubles: [],
  untaken: [],
  waitsFor: undefined,
  children: [],
};

test('a run without anything pending shows nothing', () => {
  expect(view({})).toEqual(nothing);
});

test('progress comes from the heartbeats of the activity at work', () => {
  const progress = { phase: 'reading', records: 7, bytes: 70 };
  const raw = { pendingActivities: [{ state: started, attempt: 1, ...beat(progress) }] };
  expect(view(raw)).toEqual({ ...nothing, progress });
});

test('a backup that waits for a restore says so in its memo', () => {
  const fields = { holdfastWaitsFor: defaultPayloadConverter.toPayload('restore-consul') };
  expect(view({ workflowExecutionInfo: { memo: { fields } } })).toEqual({
    ...nothing,
    waitsFor: 'restore-consul',
  });
});

test('a capture that waits for its container in ECS waits for no other worker', () => {
  const pending = (taskQueue: string) => ({
    pendingActivities: [
      {
        ...{ state: scheduled, scheduledTime: ago(60), activityType: { name: 'capture' } },
        activityOptions: { taskQueue: { name: taskQueue } },
      },
    ],
  });
  expect(view(pending('holdfast-capture-backup-consul-2026-11-22T04:15:00Z')).untaken).toEqual([]);
  expect(view(pending('holdfast-data')).untaken).toEqual([{ name: 'holdfast-data', kind: 'activity' }]);
});

test.each([undefined, null, 'text', {}, { phase: 'reading' }, { phase: 'reading', records: '7', bytes: 1 }])(
  'heartbeat details %j are no progress',
  (details) => {
    const raw = { pendingActivities: [{ state: started, attempt: 1, ...beat(details) }] };
    expect(view(raw).progress).toBeUndefined();
  },
);

test('a failed attempt is told with its reason and when the next one comes', () => {
  const lastFailure = {
    message: 'no answer from 10.0.0.1',
    applicationFailureInfo: { type: 'StoreUnreachable' },
  };
  const activity = { activityType: { name: 'capture' }, state: scheduled, attempt: 3, lastFailure };
  const raw = { pendingActivities: [{ ...activity, nextAttemptScheduleTime: ago(-8) }] };
  expect(view(raw)).toEqual({
    ...nothing,
    troubles: ['capture, attempt 2: StoreUnreachable: no answer from 10.0.0.1; tried again in 8s'],
  });
});

test('a worker that fell silent is told', () => {
  const lastFailure = { message: 'activity Heartbeat timeout', timeoutFailureInfo: {} };
  const raw = {
    pendingActivities: [{ activityType: { name: 'verify' }, state: started, attempt: 2, lastFailure }],
  };
  expect(view(raw).troubles).toEqual([
    'verify, attempt 1: activity Heartbeat timeout (its worker fell silent or was stopped); tried again',
  ]);
});

test.each([
  ['capture', 'holdfast-data'],
  ['proveRestore', 'holdfast-data'],
  ['publish', 'holdfast'],
])('%s that nobody takes waits in %s', (name, queue) => {
  const activity = { activityType: { name }, state: scheduled, attempt: 1 };
  const waiting = (seconds: number): RunView =>
    view({ pendingActivities: [{ ...activity, scheduledTime: ago(seconds) }] });
  expect(waiting(6).untaken).toEqual([{ name: queue, kind: 'activity' }]);
  expect(waiting(4).untaken).toEqual([]);
});

test('an activity whose next attempt is yet to come is not waiting for a worker', () => {
  const times = { scheduledTime: ago(600), nextAttemptScheduleTime: ago(-30) };
  const raw = {
    pendingActivities: [{ activityType: { name: 'capture' }, state: scheduled, attempt: 2, ...times }],
  };
  expect(view(raw).untaken).toEqual([]);
});

test('a workflow task that nobody takes is told', () => {
  const raw = { pendingWorkflowTask: { state: scheduled, originalScheduledTime: ago(6) } };
  expect(view(raw).untaken).toEqual([{ name: 'holdfast', kind: 'workflow' }]);
  expect(view({ pendingWorkflowTask: { ...raw.pendingWorkflowTask, state: started } })).toEqual(nothing);
});

test('runs that it waits for are named', () => {
  const raw = { pendingChildren: [{ workflowId: 'backup-a', runId: 'r' }] };
  expect(view(raw).children).toEqual([{ workflowId: 'backup-a', runId: 'r' }]);
});
