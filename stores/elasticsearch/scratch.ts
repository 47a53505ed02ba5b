import { openConnection } from './connection.ts';
import { drillIndexStart } from './drill-names.ts';
import { inPaths } from './patterns.ts';
import type { ClusterSettings } from './settings.ts';
import { allNames } from './wanted.ts';

/** Removes indices that drills of a job made: those whose names go on as is wanted. */
export async function removeDrillIndices(
  settings: ClusterSettings,
  job: string,
  which: (rest: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const connection = openConnection(settings);
  try {
    const { indices } = await allNames(connection, signal);
    const own = drillIndexStart(job);
    const gone = [...indices].filter((name) => name.startsWith(own) && which(name.slice(own.length)));
    for (const path of inPaths(gone)) {
      await connection.ask({ method: 'DELETE', path: `/${path}`, signal, accepted: [404] });
    }
  } finally {
    connection.close();
  }
}
