import { type S3Server, startS3 } from '../../services/s3.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { body, MiB, namesOf, noise, read, store } from '../storage/bytes.ts';
import { hurried, settingsFor } from '../storage/s3-server.ts';
import { allow, type Statement, statementsOf, without } from './bucket-policy.ts';

const bucket = 'backups';
const prefix = 'holdfast/prod';
const account = { accessKeyId: 'worker', secretAccessKey: 'secret-of-the-worker' };

let server: S3Server;
/** With the credentials of the account. */
let storage: Storage;
let elsewhere: Storage;
/** With the credentials of root. */
let all: Storage;
beforeAll(async () => {
  server = await startS3({ buckets: [bucket], accounts: [account] });
  const settings = { bucket, prefix, credentials: account };
  storage = openS3(settingsFor(server, settings), hurried);
  elsewhere = openS3(settingsFor(server, { ...settings, prefix: 'other' }), hurried);
  all = openS3(settingsFor(server, { bucket, prefix }), hurried);
});
afterAll(async () => {
  await Promise.all([storage.close(), elsewhere.close(), all.close()]);
  await server.stop();
});

const grant = (statements: readonly Statement[]) => allow(server, bucket, { account, statements });

/** All that a storage is asked, each once; gives what of it was refused. */
async function refusals(of: Storage): Promise<readonly string[]> {
  await store(all, 'there', noise(10));
  const wanted: Readonly<Record<string, () => Promise<unknown>>> = {
    write: () => of.putOnce('written', Buffer.from('written')),
    'write in parts': () => store(of, 'in-parts', noise(17 * MiB)),
    read: () => read(of.get('there')),
    'find out whether': () => of.head('there'),
    list: () => namesOf(of, ''),
    // Whatever stands in the way of the parts stops it half way: an upload is left, which is to be aborted.
    'leave nothing of what was stopped': () => stopHalfWay(of),
    delete: () => of.remove(['there']),
  };
  const refused: string[] = [];
  for (const [name, act] of Object.entries(wanted)) {
    await act().catch((error: unknown) => {
      if (!isDenied(error)) throw error;
      refused.push(name);
    });
    await all.remove(['written']);
  }
  return refused;
}

const isDenied = (error: unknown) => error instanceof HoldfastError && error.code === 'StorageDenied';

async function stopHalfWay(of: Storage): Promise<void> {
  const stopping = new AbortController();
  function* bytes(): Generator<Buffer, void> {
    yield* noise(9 * MiB);
    stopping.abort(new Error('stopped'));
  }
  const { signal } = stopping;
  await expect(of.put('stopped', body(bytes()), { signal })).rejects.toThrow('stopped');
  await of.abortUploads('');
  expect(await all.abortUploads('')).toBe(0);
}

describe('storage.json', () => {
  test('is enough for all that a storage is asked, and good for nothing outside its prefix', async () => {
    await grant(await statementsOf('storage.json', bucket, prefix));
    expect(await refusals(storage)).toEqual([]);
    await expect(store(elsewhere, 'data', noise(10))).rejects.toMatchObject({ code: 'StorageDenied' });
    await expect(read(elsewhere.get('data'))).rejects.toMatchObject({ code: 'StorageDenied' });
  });

  const needed: Readonly<Record<string, readonly string[]>> = {
    's3:ListBucket': ['list'],
    's3:ListBucketMultipartUploads': ['leave nothing of what was stopped'],
    's3:GetObject': ['write', 'read', 'find out whether'],
    's3:PutObject': ['write', 'write in parts'],
    's3:DeleteObject': ['delete'],
    's3:AbortMultipartUpload': ['leave nothing of what was stopped'],
    // Nothing fails without it, but a part that arrives after its upload was aborted could stay for ever, unseen.
    's3:ListMultipartUploadParts': [],
  };

  test('holds nothing that is not needed', async () => {
    const statements = await statementsOf('storage.json', bucket, prefix);
    expect(Object.keys(needed).sort()).toEqual(statements.flatMap(({ Action }) => Action).sort());
    for (const [action, refused] of Object.entries(needed)) {
      await grant(without(statements, action));
      expect({ action, refused: await refusals(storage) }).toEqual({ action, refused });
    }
  });
});

test('storage-read.json is enough to look into backups, and for nothing else', async () => {
  await grant(await statementsOf('storage-read.json', bucket, prefix));
  expect(await refusals(storage)).toEqual([
    'write',
    'write in parts',
    'leave nothing of what was stopped',
    'delete',
  ]);
});
