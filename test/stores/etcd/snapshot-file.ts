import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdServer } from '../../../services/etcd.ts';
import { pathWithEtcd } from '../../../services/on-path.ts';

/** Puts etcd's programs on the PATH of this test file, and makes a folder for it. */
export async function prepareSnapshots() {
  process.env.PATH = await pathWithEtcd();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-snapshot-'));
  let count = 0;
  return {
    folder,
    /** A path where nothing is. */
    fresh: (name: string) => join(folder, `${name}-${++count}`),
    async save(server: EtcdServer): Promise<string> {
      const file = join(folder, `snapshot-${++count}.db`);
      await server.ctl('snapshot', 'save', file);
      return file;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What etcdctl says of the keyspace of a living member. */
export async function hashOfServer(server: EtcdServer) {
  const text = await server.ctl('endpoint', 'hashkv', '--write-out=json');
  const number = (name: string) => new RegExp(`"${name}":(-?\\d+)`).exec(text)?.[1];
  return {
    hash: number('hash'),
    revision: number('hash_revision'),
    compactRevision: number('compact_revision'),
  };
}
