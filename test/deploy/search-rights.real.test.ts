import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ElasticsearchRole, startElasticsearch } from '../../services/elasticsearch.ts';
import { startOpenSearch } from '../../services/opensearch.ts';
import { startS3 } from '../../services/s3.ts';
import { openElasticsearch } from '../../stores/elasticsearch/elasticsearch.ts';
import type { IndexWish } from '../../workflows/contract/restore.ts';
import { fill, settingsFor } from '../stores/elasticsearch/plain.ts';
import { proving, renamed } from '../stores/elasticsearch/suite.ts';
import { allow, deploy, statementsOf } from './bucket-policy.ts';

const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
const password = 'open sesame';

async function roleOf(file: string): Promise<ElasticsearchRole> {
  return JSON.parse(await readFile(join(deploy, 'elasticsearch', file), 'utf8')) as ElasticsearchRole;
}

test('an Elasticsearch with security: backup-role.json is enough for backups, restore-role.json for restores', async () => {
  const users = {
    backup: await roleOf('backup-role.json'),
    restore: await roleOf('restore-role.json'),
  };
  const server = await startElasticsearch({ password, users });
  const definition = { type: 'fs', settings: { location: join(server.repositories, 'one') } };
  const open = (user: string) =>
    openElasticsearch(settingsFor(server.address, definition, { auth: { user, password } }), 'search');
  const [backup, restore] = [open('backup'), open('restore')];
  try {
    await fill(server.address.replace('//', `//holdfast:${encodeURIComponent(password)}@`), 'one', 40);
    await backup.prepare(quiet.signal);
    const { snapshot, facts } = await backup.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
    expect(facts).toMatchObject([{ index: 'one', documents: 40, settled: true }]);

    const close: IndexWish = { ...renamed, into: { how: 'close' } };
    const plan = await backup.planRestore(facts, close, quiet.signal);
    await expect(backup.applyRestore(snapshot.name, plan, close, quiet)).rejects.toMatchObject({
      code: 'StoreRefused',
      message: expect.stringContaining('unauthorized') as unknown,
    });
    for (const wish of [renamed, close]) {
      const allowed = await restore.planRestore(facts, wish, quiet.signal);
      await restore.applyRestore(snapshot.name, allowed, wish, quiet);
      expect(await restore.proveRestore(facts, allowed, proving)).toMatchObject({
        documents: 40,
        differing: 0,
      });
      await restore.swapAliases(facts, allowed, quiet.signal);
    }
    expect(await backup.remove(snapshot.name, quiet.signal)).toBe(true);
    await backup.cleanUp(quiet.signal);
  } finally {
    backup.close();
    restore.close();
    await server.stop();
  }
}, 300_000);

test('36: OpenSearch without rights on the bucket fails the check of its repository, with the reason', async () => {
  const bucket = 'search-snapshots';
  const account = { accessKeyId: 'search', secretAccessKey: 'secret-of-the-nodes' };
  const s3 = await startS3({ buckets: [bucket], accounts: [account] });
  const { address, region } = s3;
  const server = await startOpenSearch({ s3: { address, region, ...account } });
  const definition = { type: 's3', settings: { bucket, base_path: 'prod' } };
  const store = openElasticsearch(settingsFor(server.address, definition), 'search');
  try {
    await fill(server.address, 'one', 40);
    await expect(store.prepare(quiet.signal)).rejects.toMatchObject({
      code: 'RepositoryUnusable',
      message: expect.stringMatching(/AccessDenied|Access Denied/) as unknown,
    });
    const statements = await statementsOf('search-snapshots.json', bucket, '');
    await allow(s3, bucket, { account, statements });
    await store.prepare(quiet.signal);
    const { snapshot } = await store.take('20261122T041500Z', { ...quiet, mayBeEmpty: false });
    expect(await store.remove(snapshot.name, quiet.signal)).toBe(true);
    await store.cleanUp(quiet.signal);
  } finally {
    store.close();
    await server.stop();
    await s3.stop();
  }
}, 300_000);
