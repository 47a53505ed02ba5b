import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDirectory } from '../../storage/directory/directory.ts';
import { storageConformance } from './conformance.ts';

storageConformance('a directory', async () => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-directory-'));
  return {
    storage: openDirectory({ path }),
    cleanup: () => rm(path, { recursive: true }),
  };
});
