import type { S3Server } from '../../services/s3.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { body, digest, MiB, namesOf, noise, noiseBuffer, read, store } from './bytes.ts';
import type { Fault } from './fault-proxy.ts';
import { openFaulty, startS3Server, type Faulty } from './s3-server.ts';

const slowDown: Fault = {
  answer: 503,
  body: '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
};
const reset: Fault = { reset: true, after: 100_000 };
const errorInside: Fault = {
  answer: 200,
  body: '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>Oh.</Message></Error>',
};
/** The SDK recognises an error in a 200 only where nothing comes after it. */
const errorWithNewline: Fault = { ...errorInside, body: `${errorInside.body ?? ''}\n` };

const part = /partNumber=/;
const completion = { method: 'POST', path: /\?uploadId=/ };

let server: S3Server;
let faulty: Faulty;
const going = new AbortController().signal;

beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());
beforeEach(async () => {
  faulty = await openFaulty(server);
});
afterEach(() => faulty.close());

async function failureOf(work: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HoldfastError) return error;
  throw new Error(`Not a failure from the catalogue: ${String(error)}`);
}

/** Puts 20 MiB on the faulty way, and expects to find them on the straight one. */
async function expectStored(size = 20 * MiB): Promise<void> {
  await store(faulty.storage, 'data', noise(size));
  expect(await digest(faulty.direct.get('data'))).toEqual(await digest(noise(size)));
  expect(await faulty.direct.abortUploads('')).toBe(0);
}

async function expectNothing(): Promise<void> {
  expect(await namesOf(faulty.direct, '')).toEqual([]);
  expect(await faulty.direct.abortUploads('')).toBe(0);
}

describe('an upload in parts gets through', () => {
  test.each<[string, object, Fault]>([
    ['when a part is answered 503 twice', { path: /partNumber=3&|partNumber=3$/, times: 2 }, slowDown],
    ['when parts are answered 500 for a while', { path: part, times: 4 }, { answer: 500 }],
    ['when a part breaks off', { path: part, times: 2 }, reset],
    ['when the answer to a part gets lost', { path: part, times: 2 }, { lose: true }],
    ['when a byte of a part changes on its way', { path: part, times: 1 }, { flip: 1_000_000 }],
    ['when the start is answered 503', { method: 'POST', path: /\?uploads/, times: 2 }, slowDown],
    ['when the completion is answered 503', { ...completion, times: 2 }, slowDown],
    ['when the completion is answered 200 with an error', { ...completion, times: 2 }, errorInside],
    ['when more comes after that error', { ...completion, times: 2 }, errorWithNewline],
    ['when the completion is answered 200 with nothing', { ...completion, times: 2 }, { answer: 200 }],
    ['when the completion is reset', { ...completion, times: 2 }, { reset: true }],
    ['when the answer to the completion gets lost', { ...completion, times: 1 }, { lose: true }],
  ])('%s', async (_, where, fault) => {
    const injected = faulty.proxy.inject({ ...where, fault });
    await expectStored();
    expect(injected.hits).toBe('times' in where ? where.times : 1);
  });

  test('when the answer to the completion gets lost, and nothing must be overwritten', async () => {
    const lost = faulty.proxy.inject({ ...completion, times: 1, fault: { lose: true } });
    const put = faulty.storage.put('data', body(noise(20 * MiB)), { signal: going, ifAbsent: true });
    expect(await put).toEqual({ bytes: 20 * MiB });
    expect(lost.hits).toBe(1);
    expect(await digest(faulty.direct.get('data'))).toEqual(await digest(noise(20 * MiB)));
  });
});

describe('an upload fails with a passing error and leaves nothing', () => {
  test.each<[string, object, Fault, string]>([
    ['parts answered 503', { path: part }, slowDown, 'StorageUnavailable'],
    ['parts that break off', { path: part }, reset, 'StorageUnreachable'],
    ['parts whose bytes change', { path: part }, { flip: 5 }, 'StorageUnavailable'],
    ['a completion answered 503', completion, slowDown, 'StorageUnavailable'],
    ['a completion with an error inside', completion, errorInside, 'StorageUnavailable'],
    ['a completion with an error inside and more', completion, errorWithNewline, 'StorageUnavailable'],
  ])('of %s', async (_, where, fault, code) => {
    const injected = faulty.proxy.inject({ ...where, fault });
    const failure = await failureOf(store(faulty.storage, 'data', noise(20 * MiB)));
    expect(failure).toMatchObject({ code, retryable: true });
    expect(failure.message).toContain(`${faulty.storage.address}/data`);
    expect(injected.hits).toBeGreaterThanOrEqual(6);
    await expectNothing();
  });
});

describe('a small object gets through', () => {
  test.each<[string, Fault]>([
    ['after 503', slowDown],
    ['after 500', { answer: 500 }],
    ['after a reset', { reset: true }],
    ['when the answer gets lost', { lose: true }],
    ['when a byte changes on its way', { flip: 500 }],
  ])('%s', async (_, fault) => {
    const injected = faulty.proxy.inject({ method: 'PUT', times: 2, fault });
    await expectStored(1000);
    expect(injected.hits).toBe(2);
  });
});

describe('putOnce', () => {
  const manifest = Buffer.from('{}');

  test.each<[string, Fault]>([
    ['when its answer gets lost', { lose: true }],
    ['after 503', slowDown],
    ['after a conflict', { answer: 409, body: '<Error><Code>ConditionalRequestConflict</Code></Error>' }],
  ])('gives true %s', async (_, fault) => {
    const injected = faulty.proxy.inject({ method: 'PUT', times: 1, fault });
    expect(await faulty.storage.putOnce('manifest.json', manifest)).toBe(true);
    expect(injected.hits).toBe(1);
    expect(await faulty.direct.putOnce('manifest.json', manifest)).toBe(false);
  });

  test('gives false when another writer was faster and every answer is unclear', async () => {
    faulty.proxy.inject({
      method: 'PUT',
      times: 1,
      fault: { meanwhile: () => store(faulty.direct, 'manifest.json', [Buffer.from('other')]) },
    });
    expect(await faulty.storage.putOnce('manifest.json', manifest)).toBe(false);
    expect(String(await read(faulty.direct.get('manifest.json')))).toBe('other');
  });

  test('does without the condition where the server refuses it', async () => {
    const notImplemented = '<Error><Code>NotImplemented</Code></Error>';
    faulty.proxy.inject({ method: 'PUT', times: 1, fault: { answer: 501, body: notImplemented } });
    expect(await faulty.storage.putOnce('manifest.json', manifest)).toBe(true);
    const puts = faulty.proxy.requests.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ headers }) => headers['if-none-match'])).toEqual(['*', undefined]);
    expect(await faulty.storage.putOnce('manifest.json', manifest)).toBe(false);
  });

  test('sees by reading back that a later writer won where the server ignores the condition', async () => {
    const overwrite = () => store(faulty.direct, 'manifest.json', [Buffer.from('later')]);
    faulty.proxy.inject({ method: 'HEAD', skip: 1, times: 1, fault: { meanwhile: overwrite } });
    expect(await faulty.storage.putOnce('manifest.json', manifest)).toBe(false);
  });
});

describe('reading', () => {
  const size = 20 * MiB;
  beforeEach(() => store(faulty.direct, 'data', noise(size)));

  test.each<[string, Fault]>([
    ['breaks off', { truncate: 500_000 }],
    ['ends early, as if that were all', { shorten: 500_000 }],
    ['is answered 503', slowDown],
    ['is reset', { reset: true }],
  ])('goes on where it %s', async (_, fault) => {
    const injected = faulty.proxy.inject({ method: 'GET', times: 5, fault });
    expect(await digest(faulty.storage.get('data'))).toEqual(await digest(noise(size)));
    expect(injected.hits).toBe(5);
  });

  test('has what it wants when the connection breaks after the last byte', async () => {
    faulty.proxy.inject({ method: 'GET', times: 1, fault: { shorten: 1_000_000 } });
    const bytes = await read(faulty.storage.get('data', { end: 10 }));
    expect(bytes).toEqual(noiseBuffer(size).subarray(0, 10));
    expect(faulty.proxy.requests).toHaveLength(1);
  });

  test('resumes at the very byte', async () => {
    faulty.proxy.inject({ method: 'GET', times: 1, fault: { truncate: 1000 } });
    await read(faulty.storage.get('data', { start: 5, end: 5000 }));
    const gets = faulty.proxy.requests.filter(({ method }) => method === 'GET');
    expect(gets.map(({ headers }) => headers.range)).toEqual(['bytes=5-4999', 'bytes=1005-4999']);
    expect(gets[1]?.headers['if-match']).toMatch(/./);
  });

  test.each<[string, Fault]>([
    ['breaks off', { truncate: 300_000 }],
    ['ends early, as if that were all', { shorten: 300_000 }],
  ])('throws when a range always %s', async (_, fault) => {
    // Six attempts, of 300,000 bytes each, are not enough for the second range of 2 MiB.
    faulty.proxy.inject({ method: 'GET', skip: 1, fault });
    const failure = await failureOf(digest(faulty.storage.get('data')));
    expect(failure.retryable).toBe(true);
    expect(failure.message).toContain(`${faulty.storage.address}/data`);
  });

  test('is patient with a slow answer', async () => {
    faulty.proxy.inject({ method: 'GET', times: 1, fault: { drip: 1000, every: 1 } });
    const slow = await read(faulty.storage.get('data', { end: 100_000 }));
    expect(slow.equals(noiseBuffer(size).subarray(0, 100_000))).toBe(true);
  });

  test('notices that the object was replaced between two attempts', async () => {
    faulty.proxy.inject({ method: 'GET', times: 1, fault: { truncate: 1000 } });
    const replace = () => store(faulty.direct, 'data', noise(size, 9));
    faulty.proxy.inject({ method: 'GET', times: 1, fault: { meanwhile: replace } });
    const failure = await failureOf(read(faulty.storage.get('data', { end: 5000 })));
    expect(failure).toMatchObject({ code: 'StreamBroken', retryable: true });
    expect(failure.message).toContain(`${faulty.storage.address}/data was replaced`);
  });

  test('of a server that does not know ranges is refused', async () => {
    faulty.proxy.inject({ method: 'GET', fault: { answer: 200, body: 'everything' } });
    const failure = await failureOf(read(faulty.storage.get('data', { start: 3 })));
    expect(failure).toMatchObject({ code: 'StorageMisconfigured' });
  });
});

describe('listing and removing', () => {
  const names = ['a/1', 'a/2', 'b/1'];
  beforeEach(async () => {
    for (const name of names) await faulty.direct.putOnce(name, Buffer.of(1));
  });

  test.each<[string, Fault]>([
    ['503', slowDown],
    ['a reset', { reset: true }],
  ])('get through after %s', async (_, fault) => {
    const lists = faulty.proxy.inject({ method: 'GET', times: 2, fault });
    expect(await namesOf(faulty.storage, '')).toEqual(names);
    expect(await Array.fromAsync(faulty.storage.folders(''))).toEqual(['a', 'b']);
    const deletes = faulty.proxy.inject({ method: 'POST', times: 2, fault });
    await faulty.storage.remove(names);
    expect([lists.hits, deletes.hits]).toEqual([2, 2]);
    await expectNothing();
  });

  const keyError = (code: string): Fault => {
    const key = `${faulty.settings.prefix}/a/2`;
    const error = `<Error><Key>${key}</Key><Code>${code}</Code><Message>No.</Message></Error>`;
    return { answer: 200, body: `<DeleteResult>${error}</DeleteResult>` };
  };

  test('a key that could not be deleted now is deleted again', async () => {
    const injected = faulty.proxy.inject({ method: 'POST', times: 1, fault: keyError('InternalError') });
    await faulty.storage.remove(names);
    expect(injected.hits).toBe(1);
    await expectNothing();
  });

  test('a key that must not be deleted is named', async () => {
    const injected = faulty.proxy.inject({ method: 'POST', fault: keyError('AccessDenied') });
    const failure = await failureOf(faulty.storage.remove(names));
    expect(failure.code).toBe('StorageDenied');
    expect(failure.message).toContain(`${faulty.storage.address}/a/2 was not deleted: AccessDenied`);
    expect(injected.hits).toBe(1);
  });
});
