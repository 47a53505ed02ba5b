import { run } from './command.ts';
import type { Progress } from './progress.ts';

/** The program of a virtual environment. Scripts beside it name the folder they were made in, and would not run. */
export const venvPython = 'bin/python3';

/**
 * Makes a virtual environment of the folder and installs a package there; the folder may be moved afterwards.
 * @param requirement as pip takes it: `moto[server]==5.2.5`. Where it comes from, pip's own settings say.
 */
export async function installPythonPackage(
  requirement: string,
  folder: string,
  progress: Progress,
): Promise<void> {
  progress.step('making a virtual environment');
  await run(['python3', '-m', 'venv', folder], { cwd: folder }).catch((cause: unknown) => {
    throw new Error(
      'Python 3.10 or later with its module `venv` is needed to run it. Install it (your package manager’s ' +
        '`python3` and, on Debian, `python3-venv`, or https://www.python.org), and put `python3` on PATH.',
      { cause },
    );
  });
  progress.step('installing its packages');
  const flags = ['--no-input', '--disable-pip-version-check', '--no-cache-dir', '--quiet'];
  await run([`${folder}/${venvPython}`, '-m', 'pip', 'install', ...flags, requirement], { cwd: folder });
}
