import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { openS3 } from '../../storage/s3/s3.ts';
import type { S3Settings } from '../../storage/settings.ts';
import type { Storage } from '../../storage/storage.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { body, read } from './bytes.ts';

const hurried = {
  brief: { attempts: 3, firstDelay: 1, maxDelay: 1 },
  long: { attempts: 3, firstDelay: 1, maxDelay: 1 },
};
const secretAccessKey = 'a-secret-that-must-not-show';

/** What the server below answers next, and how often it was asked. */
let answer: { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };
let asked = 0;
const server = createServer((request, response) => {
  asked++;
  request.resume().on('end', () => {
    response.writeHead(answer.status, { 'x-amz-request-id': 'REQ1', ...answer.headers }).end(answer.body);
  });
});
let endpoint: string;
let storage: Storage;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  storage = open({});
});
afterAll(async () => {
  await storage.close();
  await new Promise((closed) => server.close(closed));
});
beforeEach(() => {
  asked = 0;
});

function open(more: Partial<S3Settings>): Storage {
  const credentials = { accessKeyId: 'key-of-the-test', secretAccessKey };
  const fixed = { bucket: 'backups', prefix: 'a/b', region: 'eu-west-1', pathStyle: true, concurrency: 2 };
  return openS3({ ...fixed, endpoint, checksums: 'when-supported', credentials, ...more }, hurried);
}

async function failureOf(work: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HoldfastError) return error;
  throw new Error(`Not a failure from the catalogue: ${String(error)}`);
}

const xml = (code: string) => `<Error><Code>${code}</Code><Message>What ${code} means.</Message></Error>`;

test.each([
  [403, 'AccessDenied', 'StorageDenied', 1],
  [403, 'InvalidAccessKeyId', 'StorageDenied', 1],
  [403, 'SignatureDoesNotMatch', 'StorageDenied', 1],
  [403, 'SomethingOfAClone', 'StorageDenied', 1],
  [401, 'Unauthorized', 'StorageDenied', 1],
  [400, 'InvalidToken', 'StorageDenied', 1],
  [400, 'ExpiredToken', 'StorageDenied', 2],
  [403, 'RequestTimeTooSkewed', 'StorageDenied', 2],
  [404, 'NoSuchBucket', 'StorageMisconfigured', 1],
  [400, 'EntityTooLarge', 'StorageMisconfigured', 1],
  [400, 'InvalidStorageClass', 'StorageMisconfigured', 1],
  [400, 'KMS.NotFoundException', 'StorageMisconfigured', 1],
  [400, 'AuthorizationHeaderMalformed', 'StorageMisconfigured', 1],
  [301, 'PermanentRedirect', 'StorageMisconfigured', 1],
  [400, 'InvalidPart', 'StorageUnavailable', 1],
  [403, 'InvalidObjectState', 'StorageMisconfigured', 1],
  [507, 'InsufficientStorage', 'StorageMisconfigured', 1],
  [501, 'NotImplemented', 'StorageMisconfigured', 1],
  [404, 'NoSuchKey', 'ObjectMissing', 1],
  [503, 'SlowDown', 'StorageUnavailable', 3],
  [503, 'ServiceUnavailable', 'StorageUnavailable', 3],
  [500, 'InternalError', 'StorageUnavailable', 3],
  [502, 'BadGateway', 'StorageUnavailable', 3],
  [429, 'TooManyRequests', 'StorageUnavailable', 3],
  [400, 'RequestTimeout', 'StorageUnavailable', 3],
  [409, 'OperationAborted', 'StorageUnavailable', 3],
])('%d %s is %s, after %d attempts', async (status, s3Code, code, attempts) => {
  answer = { status, body: xml(s3Code) };
  const failure = await failureOf(read(storage.get('job/data')));
  expect(failure).toMatchObject({ code, details: { status, s3Code, requestId: 'REQ1' } });
  expect(failure.message).toContain('s3://backups/a/b/job/data');
  expect(failure.message).toContain(endpoint);
  expect(failure.message).toContain(`${s3Code}: What ${s3Code} means`);
  expect(failure.message).toContain(`HTTP ${status}, request REQ1`);
  expect(asked).toBe(attempts);
});

const calls = {
  head: () => storage.head('job/data'),
  get: () => read(storage.get('job/data')),
  putOnce: () => storage.putOnce('job/data', Buffer.of(1)),
  put: () => storage.put('job/data', body([Buffer.alloc(10)]), { signal: new AbortController().signal }),
  remove: () => storage.remove(['job/data']),
  list: () => Array.fromAsync(storage.list('job/')),
  folders: () => Array.fromAsync(storage.folders('job/')),
  abortUploads: () => storage.abortUploads('job/'),
};
const methods = Object.keys(calls) as (keyof typeof calls)[];

test.each(methods.flatMap((method) => [200, 502, 503].map((status) => [method, status] as const)))(
  '%s does not take a page of some gateway, sent with %d, for an answer of S3',
  async (method, status) => {
    answer = { status, body: '<html>A login page</html>' };
    const failure = await failureOf(calls[method]());
    expect(['StorageUnavailable', 'StorageMisconfigured']).toContain(failure.code);
    expect(failure.message).toContain('s3://backups/a/b');
  },
);

test.each(methods)('a refused %s names what it was about, and is not tried again', async (method) => {
  answer = { status: 403, body: xml('AccessDenied') };
  const failure = await failureOf(calls[method]());
  expect(failure.code).toBe('StorageDenied');
  expect(failure.message).toContain('s3://backups/a/b/job/');
  expect(asked).toBe(1);
});

test('the region of the bucket is told', async () => {
  answer = {
    status: 301,
    body: xml('PermanentRedirect'),
    headers: { 'x-amz-bucket-region': 'ap-south-2' },
  };
  const failure = await failureOf(read(storage.get('data')));
  expect(failure.message).toContain('the bucket is in region ap-south-2');
});

test('neither message nor details nor causes hold a key or a signature', async () => {
  answer = { status: 403, body: xml('SignatureDoesNotMatch') };
  const failure = await failureOf(read(storage.get('data')));
  const all = inspect(failure, { depth: 10, showHidden: true });
  expect(all).not.toMatch(/key-of-the-test|AWS4|Signature=/);
  expect(all).not.toContain(secretAccessKey);
});

describe('where nothing answers', () => {
  test('a closed port is unreachable', async () => {
    const closed = open({ endpoint: 'http://127.0.0.1:1' });
    const failure = await failureOf(closed.head('data'));
    expect(failure).toMatchObject({ code: 'StorageUnreachable', retryable: true });
    expect(failure.message).toContain('HEAD s3://backups/a/b/data (endpoint http://127.0.0.1:1) failed');
    expect(failure.message).toContain('ECONNREFUSED');
    await closed.close();
  });

  test('an unknown host is unreachable', async () => {
    const unknown = open({ endpoint: 'http://no-such-host.invalid' });
    const failure = await failureOf(unknown.head('data'));
    expect(failure).toMatchObject({ code: 'StorageUnreachable', retryable: true });
    expect(failure.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
    await unknown.close();
  });

  test('plain HTTP behind an https address is told', async () => {
    const wrong = open({ endpoint: endpoint.replace('http:', 'https:') });
    const failure = await failureOf(wrong.head('data'));
    expect(failure.message).toContain('https://127.0.0.1');
    await wrong.close();
  });
});

describe('a listing', () => {
  const page = (keys: readonly string[]) => {
    const contents = keys.map((key) => `<Contents><Key>a/b/${key}</Key><Size>1</Size></Contents>`);
    return {
      status: 200,
      body: `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
    };
  };

  test('out of order is refused: a storage must know which is the last', async () => {
    answer = page(['b/1', 'a/1']);
    const failure = await failureOf(Array.fromAsync(storage.list('')));
    expect(failure).toMatchObject({ code: 'StorageMisconfigured' });
    expect(failure.message).toContain('out of order');
  });

  test('passes over what is no name of ours', async () => {
    answer = page(['folder/', 'folder/data', 'not ours', 'x/../y', 'z']);
    const names = (await Array.fromAsync(storage.list(''))).map(({ name }) => name);
    expect(names).toEqual(['folder/data', 'z']);
  });
});
