import type { Ends } from '../../activities/open.ts';
import type { Step } from '../../activities/step.ts';
import type { Config, JobConfig } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import type { KeyStore } from '../../stores/store.ts';
import type { Progress } from '../../workflows/contract/backup.ts';
import type { KeyRecord } from '../../workflows/contract/record.ts';
import { openTemporary } from '../storage/temporary.ts';

/** A store of keys in memory; it can be read, not written. */
export interface FakeStore extends KeyStore {
  /** Grows with every change, as Consul's does. */
  index: number;
  keys: Map<string, string>;
  /** How often it was read. */
  reads: number;
  datacenter: string;
}

export function createFakeStore(keys: Readonly<Record<string, string>>): FakeStore {
  return {
    kind: 'consul',
    index: 10,
    keys: new Map(Object.entries(keys)),
    reads: 0,
    datacenter: 'dc1',
    describe() {
      const details = { datacenter: this.datacenter };
      return Promise.resolve({ kind: 'consul', version: '1.0', address: 'http://fake', details });
    },
    read({ prefix }) {
      this.reads += 1;
      const records = [...this.keys]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => recordOf(key, value))
        .sort((one, other) => Buffer.compare(one.key, other.key));
      async function* batches(): AsyncGenerator<readonly KeyRecord[]> {
        if (records.length > 0) yield await Promise.resolve(records);
      }
      const moment = { index: String(this.index), consistency: 'point-in-time' } as const;
      return Promise.resolve({ moment, records: batches(), leftOut: () => [] });
    },
    unchangedSince(moment) {
      return Promise.resolve(moment.index === String(this.index));
    },
    refusal: () => undefined,
    binding: () => undefined,
    write: () => Promise.reject(new Error('it can only be read')),
    close: () => Promise.resolve(),
  };
}

function recordOf(key: string, value: string): KeyRecord {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    attributes: { flags: '0' },
    meta: { modifyIndex: '1' },
  };
}

export interface Scene {
  readonly ends: Ends & { readonly store: FakeStore };
  readonly job: JobConfig;
  /** A step on behalf of a run: `attempt` 1 unless said otherwise. */
  step(attempt?: number, workflowId?: string): Step;
  readonly progress: Progress[];
  names(): Promise<readonly string[]>;
  cleanup(): Promise<void>;
}

/** A job whose store is in memory and whose storage is a temporary directory. */
export async function createScene(
  keys: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Scene> {
  const temporary = await openTemporary();
  const { storage, path } = temporary;
  const config = configWith(path, settings);
  const job = config.jobs.get('demo');
  if (job === undefined) throw new Error('no job');
  const progress: Progress[] = [];
  return {
    ends: { store: createFakeStore(keys), storage },
    job,
    progress,
    step: (attempt = 1, workflowId = 'backup-demo') => ({
      config,
      signal: new AbortController().signal,
      onProgress: (at) => progress.push(at),
      log: { info: () => undefined, warn: () => undefined },
      run: { workflowId, runId: 'run', attempt },
    }),
    names: () => Array.fromAsync(storage.list('demo/'), ({ name }) => name),
    cleanup: () => temporary.cleanup(),
  };
}

function configWith(path: string, settings: Readonly<Record<string, unknown>>): Config {
  const jobs = { demo: { storage: 'local', consul: { address: 'http://127.0.0.1:1' }, ...settings } };
  const text = JSON.stringify({ storages: { local: { directory: { path } } }, jobs });
  return parseConfig(text, 'holdfast.yaml', { env: {}, unset: 'fail' });
}
