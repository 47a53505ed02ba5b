import { delimiter, dirname } from 'node:path';
import { findOrBuild } from './cache/find.ts';
import { etcd, etcdutl } from './etcd.ts';

/** A PATH where a worker finds etcd's own programs, which it calls for snapshots. */
export async function pathWithEtcd(): Promise<string> {
  const folders = [await findOrBuild(etcdutl), await findOrBuild(etcd)].map((path) => dirname(path));
  return [...folders, process.env.PATH ?? ''].join(delimiter);
}
