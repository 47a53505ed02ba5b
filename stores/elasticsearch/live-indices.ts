import type { Connection } from './connection.ts';
import { obstacleToLoad } from './documents/obstacle.ts';
import { describeIndices } from './indices.ts';
import { inPaths } from './patterns.ts';

/** An index that is there. */
export interface Live {
  readonly uuid: string;
  readonly shards: number;
  readonly dataStream: string | undefined;
  /** Why no document can be loaded into it. */
  readonly obstacle: string | undefined;
}

export async function describeLive(
  connection: Connection,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Live>> {
  const live = new Map<string, Live>();
  for (const path of inPaths(names)) {
    for (const [index, found] of Object.entries(await describeIndices(connection, path, signal))) {
      live.set(index, {
        uuid: found.settings['index.uuid'] ?? '',
        shards: Number(found.settings['index.number_of_shards']),
        dataStream: found.data_stream,
        obstacle: obstacleToLoad(found),
      });
    }
  }
  return live;
}
