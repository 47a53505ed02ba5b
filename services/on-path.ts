import { delimiter, dirname } from 'node:path';
import { findOrBuild } from './cache/find.ts';
import { consul } from './consul.ts';
import { etcd, etcdutl } from './etcd.ts';

/** A PATH where a worker finds etcd's own programs, which it calls for snapshots. */
export async function pathWithEtcd(): Promise<string> {
  return pathWith([await findOrBuild(etcdutl), await findOrBuild(etcd)]);
}

/** The same with the program of Consul, which it calls for drills. */
export async function pathForDrills(): Promise<string> {
  return pathWith([await findOrBuild(consul), await findOrBuild(etcdutl), await findOrBuild(etcd)]);
}

function pathWith(programs: readonly string[]): string {
  return [...programs.map((program) => dirname(program)), process.env.PATH ?? ''].join(delimiter);
}
