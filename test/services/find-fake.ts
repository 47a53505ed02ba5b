import { findOrBuild } from '../../services/cache/find.ts';
import { buildGoProgram } from '../../services/cache/go.ts';

/** A process of its own for cache.real.test.ts: finds or builds a server that does not exist, and prints its path. */
const path = await findOrBuild({
  name: 'fake',
  version: '1.2.3',
  program: 'fake',
  shows: { arguments: ['version'], pattern: /^Fake v1\.2\.3$/m },
  minutes: 1,
  build: (folder, progress) =>
    buildGoProgram({ package: 'example.test/fake', version: 'v1.2.3', file: 'fake' }, folder, progress),
});
process.stdout.write(path);
