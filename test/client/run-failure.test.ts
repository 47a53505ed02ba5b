import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import { reportFailure } from '../../client/failure.ts';
import { runFailure } from '../../client/run-failure.ts';
import { catalogue, type ErrorCode } from '../../workflows/contract/errors.ts';
import { fakeIo } from './fake-io.ts';

function failed(cause: Error): WorkflowFailedError {
  return new WorkflowFailedError('Workflow execution failed', cause, 'NON_RETRYABLE_FAILURE');
}

function exitOf(cause: Error): { exit: number; stderr: string } {
  const io = fakeIo();
  const exit = reportFailure(runFailure(failed(cause), 'backup-a'), io, { debug: false, json: false });
  return { exit, stderr: Buffer.concat(io.written.stderr).toString() };
}

test.each(Object.keys(catalogue) as ErrorCode[])('a run that failed with %s has its exit code', (code) => {
  const { exit, stderr } = exitOf(ApplicationFailure.nonRetryable('what happened', code));
  expect(exit).toBe(catalogue[code].exit);
  expect(stderr).toBe(`error: what happened\n${catalogue[code].action} (${code})\n`);
});

test('the failure that the workflow names counts, not the one below it', () => {
  const below = ApplicationFailure.retryable('no answer', 'StoreUnreachable');
  const above = ApplicationFailure.create({
    message: 'Time ran out; the last error: no answer',
    type: 'DeadlineExceeded',
    nonRetryable: true,
    cause: new ActivityFailure('failed', 'capture', '1', 'TIMEOUT', 'worker', below),
  });
  expect(exitOf(above).stderr).toContain('(DeadlineExceeded)');
});

test('a failure outside the catalogue is a surprise', () => {
  const { exit, stderr } = exitOf(ApplicationFailure.nonRetryable('x is not a function', 'Unexpected'));
  expect(exit).toBe(1);
  expect(stderr).toContain('error: x is not a function');
  expect(stderr).toContain('This was not foreseen');
});

const endings: readonly (readonly [Error, string])[] = [
  [new CancelledFailure('Workflow canceled'), 'backup-a was cancelled.'],
  [new TerminatedFailure('not wanted'), 'backup-a was terminated: not wanted'],
];

test.each(endings)('a run that was ended by somebody says so', (cause, message) => {
  const { exit, stderr } = exitOf(cause);
  expect(exit).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).toContain('(RunCancelled)');
});

test('every other error passes as it is', () => {
  const error = new Error('something else');
  expect(runFailure(error, 'backup-a')).toBe(error);
});
