import { parseConfig } from '../../config/load.ts';
import { mistakesOf } from '../../config/mistake.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

type Settings = Readonly<Record<string, unknown>>;

const storages = { logs: { directory: { path: 'logs' } } };
const env = { WORD: 'sesame-open' };

function parse(job: Settings, unset: 'fail' | 'keep' = 'fail') {
  const text = JSON.stringify({ storages, jobs: { job } });
  return parseConfig(text, '/etc/holdfast/holdfast.yaml', { env, unset });
}

function mistakes(job: Settings): readonly string[] {
  try {
    parse(job);
    return [];
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return mistakesOf(error).map(({ message }) => message.replace(/^.*?: jobs\.job/, ''));
  }
}

test('a task is no backup, and has what its command needs', () => {
  const { jobs, tasks, worker } = parse({
    command: {
      argv: ['rotate', '--all'],
      directory: 'work',
      env: { A: '${WORD}' },
      user: 'logs:adm',
      grace: '3s',
      retries: 2,
      output: { storage: 'logs' },
    },
    schedule: '@daily',
    deadline: '5m',
  });
  expect(jobs.size).toBe(0);
  expect(worker.commands).toBe(false);
  expect(tasks.get('job')).toEqual({
    name: 'job',
    work: {
      kind: 'command',
      command: {
        argv: ['rotate', '--all'],
        directory: '/etc/holdfast/work',
        env: { A: 'sesame-open' },
        user: 'logs:adm',
        grace: 3000,
        retries: 2,
      },
      output: { kind: 'directory', directory: { path: '/etc/holdfast/logs' } },
    },
    schedule: { cron: '@daily', dialect: 'standard', timezone: 'UTC', jitter: 0, catchup: 86_400_000 },
    deadline: 300_000,
  });
});

test('a command line is run by a shell; the rest has its default', () => {
  expect(parse({ command: { shell: 'a | b' } }).tasks.get('job')?.work).toEqual({
    kind: 'command',
    command: {
      argv: ['/bin/sh', '-c', 'a | b'],
      directory: '/etc/holdfast',
      env: {},
      grace: 10_000,
      retries: 0,
    },
  });
});

test('commands that only drive Temporal need none of its variables', () => {
  const job = { command: { shell: 'a', env: { A: '${UNSET}' } } };
  expect(parse(job, 'keep').tasks.size).toBe(1);
  expect(mistakes(job)).toEqual([
    '.command.env.A: uses the variable UNSET, which is not set; set it, or write a default: ${UNSET:-…}',
  ]);
});

test.each<[Settings, readonly string[]]>([
  [{ command: {} }, ['.command: found no `argv` and no `shell` in it; expected one']],
  [
    { command: { argv: ['a'], shell: 'a' } },
    ['.command.shell: found beside `argv`; expected only one of `argv`, `shell`'],
  ],
  [{ command: { argv: [] } }, ['.command.argv: found a list; expected at least the program']],
  [
    { command: { shell: 'a' }, keep: { last: 3 }, storage: 'logs' },
    ['.storage', '.keep'].map(
      (name) => `${name}: found beside \`command\`; expected it only in a job that backs up a store`,
    ),
  ],
  [
    { command: { shell: 'a', env: { 'A-B': 'x' } } },
    ['.command.env.A-B: found another name; expected letters, digits and _, not starting with a digit'],
  ],
  [
    { command: { shell: 'a', user: 'two words' } },
    ['.command.user: found "two words"; expected a user or user:group, by name or number'],
  ],
  [
    { command: { shell: 'a', output: { storage: 'log' } } },
    ['.command.output.storage: found "log"; expected a name from `storages` (logs); did you mean `logs`?'],
  ],
])('%j is a mistake', (job, expected) => {
  expect([...mistakes(job)].sort()).toEqual([...expected].sort());
});
