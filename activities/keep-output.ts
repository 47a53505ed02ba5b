import { openStorage } from '../storage/open.ts';
import { taskOutputName } from '../storage/layout.ts';
import type { StorageSettings } from '../storage/settings.ts';
import type { Failure } from '../workflows/contract/backup.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { KeptOutput, RunTaskInput } from '../workflows/contract/task.ts';

/** Keeps the output of one attempt of a task in a storage. */
export interface OutputKeeper {
  readonly keep: (stream: 'stdout' | 'stderr', output: AsyncIterable<Buffer>) => Promise<void>;
  /** Where it is, once all is kept. */
  kept(): KeptOutput;
  close(): Promise<void>;
}

export function openKeeper(settings: StorageSettings, { job, id, attempt }: RunTaskInput): OutputKeeper {
  const storage = openStorage(settings);
  // What was written until somebody stopped the task is worth keeping: so nothing aborts this.
  const { signal } = new AbortController();
  const name = (stream: 'stdout' | 'stderr'): string => taskOutputName(job, id, stream, attempt);
  let failure: Failure | undefined;
  return {
    async keep(stream, output) {
      try {
        await storage.put(name(stream), output, { signal });
      } catch (error) {
        failure ??= failureOf(error);
      }
    },
    kept: () => ({
      stdout: `${storage.address}/${name('stdout')}`,
      stderr: `${storage.address}/${name('stderr')}`,
      ...(failure && { failure }),
    }),
    close: () => storage.close(),
  };
}

function failureOf(error: unknown): Failure {
  const code = error instanceof HoldfastError ? error.code : 'Unexpected';
  return { code, message: error instanceof Error ? error.message : String(error) };
}
