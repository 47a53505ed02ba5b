import type { Tool } from './cache/tool.ts';
import { unpackPackage } from './debian.ts';

/** Checks and tests Prometheus' rules. Debian 12 has it in its package of Prometheus; a later one on PATH will do. */
export const promtool: Tool = {
  name: 'promtool',
  version: '2.42',
  program: 'usr/bin/promtool',
  shows: { arguments: ['--version'], pattern: /^promtool, version (2\.(4[2-9]|[5-9]\d)|[3-9]\.)/m },
  minutes: 1,
  build: (folder, progress) => {
    progress.step("unpacking Debian's package prometheus");
    return unpackPackage('prometheus', folder);
  },
};
