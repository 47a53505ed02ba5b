import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startElasticsearch } from '../../../services/elasticsearch.ts';
import { anyName, holdsForEveryCluster } from './suite.ts';

holdsForEveryCluster(async () => {
  const server = await startElasticsearch();
  const inFolder = (name: string) => ({
    type: 'fs',
    settings: { location: join(server.repositories, name) },
  });
  const closed = join(server.repositories, 'closed');
  await mkdir(closed);
  await chmod(closed, 0o555);
  return {
    address: server.address,
    freshRepository: () => inFolder(anyName()),
    unwritable: { definition: inFolder('closed'), reason: /AccessDenied|cannot create|not accessible/ },
    stop: () => server.stop(),
  };
});
