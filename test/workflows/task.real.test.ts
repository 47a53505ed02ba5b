import { ApplicationFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { type TaskResult, taskResultIn } from '../../workflows/contract/task.ts';
import { keepHistory } from './keep-history.ts';
import { currentDetails } from './current-details.ts';
import { startTaskRig, type TaskRig } from './task-rig.ts';

let rig: TaskRig;

const script = (shell: string, more: Record<string, unknown> = {}, job: Record<string, unknown> = {}) => ({
  command: { shell, ...more },
  ...job,
});

beforeAll(async () => {
  rig = await startTaskRig((scratch) => ({
    good: script('echo hello; echo careful >&2'),
    seven: script('echo out; echo "it broke" >&2; exit 7'),
    again: script(`echo try >> ${scratch}/again; test $(wc -l < ${scratch}/again) = 3`, { retries: 2 }),
    once: script(`echo try >> ${scratch}/once; exit 1`),
    slow: script('echo begun; sleep 600', { grace: '1s' }),
    late: script('echo begun; sleep 600', { grace: '1s' }, { deadline: '1s' }),
  }));
  await rig.startWorker();
});

afterAll(() => rig.stop());

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowFailedError) || !(error.cause instanceof ApplicationFailure)) throw error;
  return error.cause;
}

test('checklist 60: stdout, stderr, exit status, pid and times of a command are the result of its run', async () => {
  const handle = await rig.start('good');
  const result = (await handle.result()) as TaskResult;
  expect(result).toMatchObject({
    job: 'good',
    kind: 'command',
    exitStatus: 0,
    stdout: { text: 'hello\n', bytes: 6, cut: false },
    stderr: { text: 'careful\n', bytes: 8, cut: false },
    attempt: 1,
  });
  expect(result.pid).toBeGreaterThan(1);
  expect(Date.parse(result.endedAt)).toBeGreaterThanOrEqual(Date.parse(result.startedAt));
  expect(await currentDetails(handle)).toContain('| exit\u00a0status | 0 |');
  await keepHistory(handle, 'task');
});

test('checklist 31: a command that exits with 7 fails its run, which shows 7, stdout and stderr', async () => {
  const handle = await rig.start('seven');
  const failure = await failureOf(handle);
  expect(failure.type).toBe('TaskFailed');
  expect(failure.message).toBe(
    'Task seven: its command ended with exit status 7; the end of stderr: it broke',
  );
  expect(taskResultIn(failure.details)).toMatchObject({
    exitStatus: 7,
    stdout: { text: 'out\n' },
    stderr: { text: 'it broke\n' },
  });
  await keepHistory(handle, 'task-failed');
});
