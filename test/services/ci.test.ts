import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Runs .ci/run with an `npm` whose `npm test` writes this and ends so; gives the last line and the exit code. */
async function ci(npmTest: string, code: number): Promise<[string, number]> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-ci-'));
  try {
    const npm = `#!/bin/sh\nif [ "$1" = test ]; then\ncat >&2 <<'END'\n${npmTest}\nEND\nexit ${code}\nfi\n`;
    await writeFile(join(folder, 'npm'), npm);
    await chmod(join(folder, 'npm'), 0o755);
    const env = { ...process.env, PATH: [folder, process.env['PATH']].join(delimiter) };
    return await new Promise((resolve) => {
      const script = join(import.meta.dirname, '..', '..', '.ci', 'run');
      execFile(script, { env }, (error, stdout) => {
        resolve([
          stdout.trimEnd().split('\n').at(-1) ?? '',
          typeof error?.code === 'number' ? error.code : 0,
        ]);
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each([
  [
    'all pass',
    'Test Suites: 3 passed, 3 total\nTests:       240 passed, 240 total',
    0,
    '240 passed, 0 failed',
  ],
  ['some fail', 'Tests:       2 failed, 238 passed, 240 total', 1, '238 passed, 2 failed'],
  [
    'in colour',
    '\u001b[1mTests:\u001b[22m       \u001b[1m\u001b[32m7 passed\u001b[39m, 7 total',
    0,
    '7 passed, 0 failed',
  ],
  ['lint fails', 'storage/s3.ts: error', 2, '0 passed, 1 failed'],
  [
    'a file cannot be loaded',
    'Test Suites: 1 failed\nTests:       9 passed, 9 total',
    1,
    '9 passed, 1 failed',
  ],
])('.ci/run ends with the count when %s', async (_, output, code, line) => {
  expect(await ci(output, code)).toEqual([line, code]);
});

test('.ci/run takes no tests for a failure', async () => {
  expect(await ci('No tests found', 0)).toEqual(['0 passed, 1 failed', 1]);
});
