import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPythonPackage, venvPython } from './cache/python.ts';
import type { Tool } from './cache/tool.ts';

/** Amazon's own command line, with which backups are looked at where there is no Holdfast. Any that is not old will do. */
export const awscli: Tool = {
  name: 'awscli',
  version: '1.45.11',
  program: 'aws',
  shows: { arguments: ['--version'], pattern: /^aws-cli\/(1\.(29|[3-9]\d)\.|2\.(1[3-9]|[2-9]\d)\.)/m },
  minutes: 1,
  build: async (folder, progress) => {
    await installPythonPackage('awscli==1.45.11', folder, progress);
    const program = join(folder, 'aws');
    await writeFile(program, `#!/bin/sh\nexec "$(dirname "$0")/${venvPython}" -m awscli "$@"\n`);
    await chmod(program, 0o755);
  },
};
