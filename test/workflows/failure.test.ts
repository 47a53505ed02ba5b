import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { advice, doneBeforeCancellation, failureOf } from '../../workflows/failure.ts';

const activity = (cause: Error, retryState: RetryState = RetryState.NON_RETRYABLE_FAILURE): ActivityFailure =>
  new ActivityFailure('Activity task failed', 'capture', '1', retryState, 'worker', cause);

const refused = ApplicationFailure.nonRetryable('the token is not known', 'StoreRefused');

test('a failure of the catalogue is found under what Temporal wraps around it', () => {
  expect(failureOf(refused)).toEqual({ code: 'StoreRefused', message: 'the token is not known' });
  expect(failureOf(activity(refused))).toEqual({ code: 'StoreRefused', message: 'the token is not known' });
  const execution = { workflowId: 'backup-a', runId: 'b' };
  const child = new ChildWorkflowFailure(
    undefined,
    execution,
    'backup',
    RetryState.NON_RETRYABLE_FAILURE,
    refused,
  );
  expect(failureOf(child)).toMatchObject({ code: 'StoreRefused' });
});

test('time that runs out while trying again keeps the last error', () => {
  const last = ApplicationFailure.retryable('nobody answers at x', 'StoreUnreachable');
  const expected = {
    code: 'DeadlineExceeded',
    message: expect.stringContaining('nobody answers at x') as string,
  };
  expect(failureOf(activity(last, RetryState.TIMEOUT))).toEqual(expected);

  const timeout = new TimeoutFailure('activity timeout', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
  Object.assign(timeout, { cause: last });
  expect(failureOf(activity(timeout, RetryState.TIMEOUT))).toEqual(expected);
});

test('a worker that fell silent is told of', () => {
  const timeout = new TimeoutFailure('activity timeout', undefined, TimeoutType.HEARTBEAT);
  expect(failureOf(activity(timeout)).message).toBe('Time ran out (its worker fell silent)');
});

test('what is not in the catalogue is unexpected, and says so', () => {
  const odd = failureOf(activity(ApplicationFailure.retryable('x is not a function', 'TypeError')));
  expect(odd).toEqual({ code: 'Unexpected', message: 'x is not a function' });
  expect(advice(odd)).toContain('report it');
  expect(failureOf('text')).toEqual({ code: 'Unexpected', message: 'text' });
});

test('a cancelled activity tells what it had done', () => {
  expect(doneBeforeCancellation(activity(new CancelledFailure('stopped', [{ added: 3 }])))).toEqual({
    added: 3,
  });
  expect(doneBeforeCancellation(activity(new CancelledFailure('stopped')))).toBeUndefined();
  expect(doneBeforeCancellation(activity(refused))).toBeUndefined();
});
