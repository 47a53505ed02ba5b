import { buildGoProgram } from './cache/go.ts';
import type { Tool } from './cache/tool.ts';

/** The fastest S3 client at hand. Only the benchmark needs it, to upload what other tools make. */
export const s5cmd: Tool = {
  name: 's5cmd',
  version: '2.3.0',
  program: 's5cmd',
  shows: { arguments: ['version'], pattern: /^v2\.3\.0(-|$)/m },
  minutes: 1,
  build: (folder, progress) =>
    buildGoProgram(
      {
        package: 'github.com/peak/s5cmd/v2',
        version: 'v2.3.0',
        file: 's5cmd',
        variables: { 'github.com/peak/s5cmd/v2/version.Version': 'v2.3.0' },
      },
      folder,
      progress,
    ),
};
