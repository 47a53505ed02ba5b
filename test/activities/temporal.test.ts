import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { StoppedHalfway } from '../../activities/interruption.ts';
import type { Step } from '../../activities/step.ts';
import { asActivity } from '../../activities/temporal.ts';
import { parseConfig } from '../../config/load.ts';
import type { Progress } from '../../workflows/contract/backup.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

const config = parseConfig('jobs: {}', 'holdfast.yaml', { env: {}, unset: 'fail' });

async function run(
  work: (step: Step) => Promise<unknown>,
  environment = new MockActivityEnvironment(),
): Promise<unknown> {
  return environment.run(asActivity(config, work), undefined).catch((error: unknown) => error);
}

test('a failure of the catalogue says what it is and whether trying again helps', async () => {
  const details = { key: 'app/x' };
  const refused = new HoldfastError('StoreRefused', 'no', { details, cause: new Error('why') });
  const failure = await run(() => Promise.reject(refused));
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({
    type: 'StoreRefused',
    message: 'no',
    nonRetryable: true,
    details: [details],
  });
  expect(failure).toMatchObject({ cause: { message: 'why' } });

  const away = await run(() => Promise.reject(new HoldfastError('StoreUnreachable', 'away')));
  expect(away).toMatchObject({ type: 'StoreUnreachable', nonRetryable: false });
});

test('what was not foreseen passes as it is, and so is tried again', async () => {
  const bug = new TypeError('x is not a function');
  expect(await run(() => Promise.reject(bug))).toBe(bug);
});

const telling =
  (progress: Progress) =>
  ({ onProgress }: Step): Promise<void> => {
    onProgress(progress);
    return Promise.resolve();
  };

test('progress goes out with the heartbeats', async () => {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 30_000 });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const progress = { phase: 'reading', records: 1, bytes: 2 } as const;
  await run(telling(progress), environment);
  expect(beats).toEqual([undefined, progress]);
});

test('of progress that comes in drops only some goes out, and a new phase at once', async () => {
  const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 30_000 });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const verifying = { phase: 'verifying', records: 0, bytes: 0 } as const;
  await run(({ onProgress }) => {
    for (let bytes = 0; bytes < 10_000; bytes++) onProgress({ phase: 'reading', records: 0, bytes });
    onProgress(verifying);
    return Promise.resolve();
  }, environment);
  expect(beats.length).toBeLessThan(100);
  expect(beats.at(-1)).toEqual(verifying);
});

test('an activity without a heartbeat timeout sends none', async () => {
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  await run(telling({ phase: 'reading', records: 1, bytes: 2 }), environment);
  expect(beats).toEqual([]);
});

/** Ends only when it is told to stop, with whatever it then throws. */
const untilStopped =
  (thrown: (signal: AbortSignal) => Error) =>
  ({ signal }: Step): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(thrown(signal))));

const broken = (): Error => new HoldfastError('StoreUnreachable', 'the socket was closed');

test('a requested stop is a cancellation, whatever the stopped code threw', async () => {
  const environment = new MockActivityEnvironment();
  const result = run(untilStopped(broken), environment);
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  expect(await result).toBeInstanceOf(CancelledFailure);
});

test('a requested stop tells how far the work came', async () => {
  const environment = new MockActivityEnvironment();
  const result = run(
    untilStopped(() => new StoppedHalfway('stopped', { added: 3 })),
    environment,
  );
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  const failure = await result;
  expect(failure).toBeInstanceOf(CancelledFailure);
  expect(failure).toMatchObject({ details: [{ added: 3 }] });
});

test('a stop of the worker tells nothing of being done, so that another worker goes on', async () => {
  const environment = new MockActivityEnvironment();
  const result = run(
    untilStopped(() => new StoppedHalfway('stopped', { added: 3 })),
    environment,
  );
  environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  const failure = await result;
  expect(failure).toMatchObject({ message: 'WORKER_SHUTDOWN' });
  expect(failure).not.toMatchObject({ details: [{ added: 3 }] });
});

test('a step is told on whose behalf it works', async () => {
  const workflowExecution = { workflowId: 'backup-demo', runId: 'r' };
  const environment = new MockActivityEnvironment({ workflowExecution, attempt: 3 });
  expect(await run((step) => Promise.resolve(step.run), environment)).toEqual({
    ...workflowExecution,
    attempt: 3,
  });
});
