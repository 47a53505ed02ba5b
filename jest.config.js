import { availableParallelism } from 'node:os';

/**
 * Tests run as ES modules with their `.ts` imports, just as the worker runs them.
 * Projects: `fast` needs nothing but Node and is quick; `exhaustive` needs no more, but takes seconds a test (each byte
 * damaged, years of runs); `real` runs against the servers of services/, real processes,
 * the real file system, Temporal's own core.
 * @type {import('jest').Config}
 */
export const common = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/one-realm.ts'],
};

export default {
  // Tests against real servers mostly wait, so two at once fit on two cores; more would make them time out.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  // A process for each test file: every one is above this limit. Replaying a workflow installs a hook on all promises
  // of its process, which would break the tests after it. `npm run test:fast` replays nothing, and sets it higher.
  workerIdleMemoryLimit: '1MB',
  // To find a test that hangs; a busy machine must not fail one that is merely slow.
  testTimeout: 30_000,
  projects: [
    {
      ...common,
      displayName: 'fast',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['\\.(real|exhaustive)\\.test\\.ts$'],
    },
    {
      ...common,
      displayName: 'exhaustive',
      testMatch: ['<rootDir>/test/**/*.exhaustive.test.ts'],
    },
    {
      ...common,
      displayName: 'real',
      testMatch: ['<rootDir>/test/**/*.real.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/real-timeout.ts'],
    },
  ],
};
