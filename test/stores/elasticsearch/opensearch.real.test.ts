import { startOpenSearch } from '../../../services/opensearch.ts';
import { startS3 } from '../../../services/s3.ts';
import { anyName, holdsForEveryCluster } from './suite.ts';

holdsForEveryCluster(async () => {
  const s3 = await startS3({ buckets: ['snapshots'] });
  const server = await startOpenSearch({ s3 });
  const inBucket = (bucket: string) => ({ type: 's3', settings: { bucket, base_path: anyName() } });
  return {
    address: server.address,
    freshRepository: () => inBucket('snapshots'),
    unwritable: { definition: inBucket('no-such-bucket'), reason: /NoSuchBucket|does not exist/ },
    async stop() {
      await server.stop();
      await s3.stop();
    },
  };
});
