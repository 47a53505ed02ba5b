import { join } from 'node:path';
import { run } from './cache/command.ts';
import type { Tool } from './cache/tool.ts';

const version = '6.125.1';

/** The tool that most people export indices with. Only the benchmark needs it; it is no dependency of the project. */
export const elasticdump: Tool = {
  name: 'elasticdump',
  version,
  program: join('node_modules', 'elasticdump', 'bin', 'elasticdump'),
  minutes: 1,
  async build(folder, progress) {
    progress.step(`npm install elasticdump@${version}`);
    const flags = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run(['npm', 'install', ...flags, `elasticdump@${version}`], { cwd: folder });
  },
};
