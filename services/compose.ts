import { buildGoProgram } from './cache/go.ts';
import type { Tool } from './cache/tool.ts';

/**
 * Reads and checks a Compose file: the very loader that `docker compose config` uses, without Docker. It has no
 * version to show, so only the one in the cache counts, whose folder names the version.
 */
export const composeSpec: Tool = {
  name: 'compose-spec',
  version: '2.16.2',
  program: 'compose-spec',
  shows: { arguments: ['-h'], pattern: /-no-consistency/ },
  minutes: 1,
  build: (folder, progress) =>
    buildGoProgram(
      { package: 'github.com/compose-spec/compose-go/v2/cmd', version: 'v2.16.2', file: 'compose-spec' },
      folder,
      progress,
    ),
};
