import { z } from 'zod';
import { duration, text, wholeNumber } from '../formats.ts';

export const commandSchema = z.strictObject({
  argv: z
    .array(
      text('text', () => true),
      { error: 'a list: the program and its arguments' },
    )
    .min(1, { error: 'at least the program' })
    .optional()
    .describe('The program and its arguments, each as it is: no shell looks at them.'),
  shell: text('a command line')
    .optional()
    .describe('A command line for /bin/sh, instead of `argv`: where pipes, && or * are wanted.'),
  directory: text('the path of a directory')
    .default('.')
    .describe('The working directory. Relative paths, and the default, start at the folder of this file.'),
  env: z
    .record(
      z.string(),
      text('text', () => true),
    )
    .default({})
    .describe(
      'Variables of its environment. Besides them it has PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and TMPDIR, and nothing else of the worker’s.',
    ),
  user: text('a user or user:group, by name or number', (value) => /^([\w.-]+(:[\w.-]+)?)?$/.test(value))
    .optional()
    .describe(
      'As whom it runs: `user` or `user:group`. Default: as the worker. Only a worker of root may change it.',
    ),
  grace: duration
    .prefault('10s')
    .describe('How long it may still take after SIGTERM, when it is to stop; then comes SIGKILL.'),
  retries: wholeNumber(0, 100)
    .default(0)
    .describe('How often it is run again when it failed, or when its worker died. Default: never.'),
  output: z
    .strictObject({
      storage: text('the name of a storage').describe('A name from `storages`.'),
    })
    .optional()
    .describe(
      'Keep the whole of stdout and stderr, as `<job>/<run>/stdout.log`. Without it, the last 8 kB of each are kept, in Temporal.',
    ),
});
