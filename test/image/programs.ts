import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../services/cache/command.ts';
import { buildGoProgram } from '../../services/cache/go.ts';
import { findOrBuild } from '../../services/cache/find.ts';
import type { Tool } from '../../services/cache/tool.ts';
import { moto } from '../../services/moto.ts';

/** Temporal as its images have it, of the release that docker-compose.yml names. */
export const temporalServer = ofTemporal('temporal-server', 'cmd/server', 8);
export const temporalSqlTool = ofTemporal('temporal-sql-tool', 'cmd/tools/sql', 2);

function ofTemporal(name: string, folder: string, minutes: number): Tool {
  return {
    ...{ name, version: '1.32.0', program: name, minutes },
    build: (home, progress) =>
      buildGoProgram(
        { package: `go.temporal.io/server/${folder}`, version: 'v1.32.0', file: name },
        home,
        progress,
      ),
  };
}

export const temporalUi: Tool = {
  ...{ name: 'temporal-ui', version: '2.54.1', program: 'temporal-ui', minutes: 2 },
  build: (home, progress) =>
    buildGoProgram(
      { package: 'github.com/temporalio/ui-server/v2/cmd/server', version: 'v2.54.1', file: 'temporal-ui' },
      home,
      progress,
    ),
};

/** What pip installs of moto into an image whose Python is Debian 12's. */
export const motoWheels: Tool = {
  name: 'moto-wheels',
  version: moto.version,
  program: join('wheels', `moto-${moto.version}-py3-none-any.whl`),
  minutes: 1,
  async build(folder, progress) {
    const python = await findOrBuild(moto);
    progress.step('downloading');
    const flags = ['--disable-pip-version-check', '--quiet', '--only-binary=:all:', '--python-version=3.11'];
    const wheels = join(folder, 'wheels');
    await run(
      [python, '-m', 'pip', 'download', ...flags, '--dest', wheels, `moto[server]==${moto.version}`],
      {
        cwd: folder,
      },
    );
    // The cache takes it for a program.
    await chmod(join(folder, motoWheels.program), 0o755);
  },
};

/** The files of Debian's slim image, nearly: what nobody reads in a container is left out, as it is there. */
export const debianRoot: Tool = {
  ...{ name: 'debian', version: 'bookworm', program: 'root.tar', minutes: 2 },
  async build(folder, progress) {
    const root = join(folder, 'root');
    progress.step('unpacking its packages');
    await run(['debootstrap', '--variant=minbase', 'bookworm', root], {
      cwd: folder,
      onLine: (line) => progress.detail(line),
    });
    const unread = ['var/cache/apt/*', 'var/lib/apt/lists/*', 'var/log/*', 'usr/share/info/*'];
    const unspoken = ['doc', 'man', 'locale'].map((name) => `usr/share/${name}/*`);
    const excluded = [...unread, ...unspoken].map((name) => `--exclude=./${name}`);
    const tar = join(folder, 'root.tar');
    await run(['tar', '--create', '--file', tar, '--directory', root, ...excluded, '.'], { cwd: folder });
    await rm(root, { recursive: true });
    // The cache takes it for a program.
    await chmod(tar, 0o755);
  },
};
