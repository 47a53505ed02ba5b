import { openConnection } from './connection.ts';
import { drillIndexStart } from './drill-names.ts';
import { inPaths } from './patterns.ts';
import type { ClusterSettings } from './settings.ts';
import { removeStreams } from './streams.ts';
import { allNames } from './wanted.ts';

/** Removes indices and data streams that drills of a job made: those whose names go on as is wanted. */
export async function removeDrillIndices(
  settings: ClusterSettings,
  job: string,
  which: (rest: string) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const connection = openConnection(settings);
  try {
    const { indices, dataStreams } = await allNames(connection, signal);
    const own = drillIndexStart(job);
    const isGone = (name: string) => name.startsWith(own) && which(name.slice(own.length));
    await removeStreams(connection, [...dataStreams.keys()].filter(isGone), signal);
    for (const path of inPaths([...indices].filter(isGone))) {
      await connection.ask({ method: 'DELETE', path: `/${path}`, signal, accepted: [404] });
    }
  } finally {
    connection.close();
  }
}
