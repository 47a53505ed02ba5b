import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { CallFailure, startStreamingCall } from '../../../stores/etcd/streaming-call.ts';

let server: Http2Server | undefined;
afterEach(() => server?.close());

async function listening(created: Http2Server): Promise<URL> {
  server = created;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return new URL(`http://127.0.0.1:${bound.port}`);
}

const request = { tls: {}, path: '/a.Service/Method', message: Buffer.from('asked'), token: undefined };

/** Calls a server that answers by hand. */
async function call(answer: (stream: ServerHttp2Stream, asked: Buffer) => void) {
  const created = createServer();
  created.on('stream', (stream) => {
    const sent: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => sent.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      answer(stream, Buffer.concat(sent));
    });
  });
  return startStreamingCall({ ...request, address: await listening(created), longest: 100_000 });
}

const framed = (...messages: readonly string[]): Buffer =>
  Buffer.concat(
    messages.flatMap((text) => {
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(text.length, 1);
      return [prefix, Buffer.from(text)];
    }),
  );

function endWith(stream: ServerHttp2Stream, bytes: Buffer, trailers: Record<string, string>): void {
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(bytes);
}

const read = (messages: AsyncIterable<Buffer>) => Array.fromAsync(messages, (bytes) => bytes.toString());

test('messages come whole, in whatever pieces they are sent', async () => {
  const sent = ['one', '', 'x'.repeat(90_000), 'y'.repeat(20_000), 'last'];
  const { messages } = await call((stream, asked) => {
    const bytes = framed(...sent, asked.toString('latin1', 5));
    const pieces = [1, 3, 7, 40_000, 40_001, 90_017].map((end, index, ends) =>
      bytes.subarray(ends[index - 1] ?? 0, end),
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    for (const piece of pieces) stream.write(piece);
    stream.end(bytes.subarray(90_017));
  });
  expect(await read(messages)).toEqual([...sent, 'asked']);
});

test.each<[string, Buffer, Record<string, string>, string, number]>([
  ['the server refuses', framed('a'), { 'grpc-status': '7', 'grpc-message': 'no%20right' }, 'no right', 7],
  ['words are not escaped rightly', framed(), { 'grpc-status': '14', 'grpc-message': '50%' }, '50%', 14],
  ['the status is none of gRPC', framed(), { 'grpc-status': '99' }, '', 2],
  ['the answer has no status', framed('a'), {}, 'ended without a status', 14],
  ['a message is cut', framed('abc').subarray(0, 6), { 'grpc-status': '0' }, 'middle of a message', 14],
  ['a prefix is cut', framed('abc').subarray(0, 3), { 'grpc-status': '0' }, 'middle of a message', 14],
  ['a message is compressed', Buffer.from([1, 0, 0, 0, 1, 7]), { 'grpc-status': '0' }, 'compressed', 14],
  ['a message is too long', Buffer.from([0, 1, 0, 0, 0]), { 'grpc-status': '0' }, '16777216 bytes', 14],
])('where %s, the call fails', async (_, bytes, trailers, words, code) => {
  const { messages } = await call((stream) => endWith(stream, bytes, trailers));
  const failure = read(messages);
  await expect(failure).rejects.toBeInstanceOf(CallFailure);
  await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(words) as string });
});

test('a connection that breaks is a failure; one that is cancelled is closed', async () => {
  const broken = await call((stream) => stream.session?.destroy());
  await expect(read(broken.messages)).rejects.toMatchObject({ code: 14 });
  const closed = Promise.withResolvers<undefined>();
  const cancelled = await call((stream) => {
    stream.on('close', () => closed.resolve(undefined));
    stream.write(framed('first'));
  });
  const messages = cancelled.messages[Symbol.asyncIterator]();
  expect(String((await messages.next()).value)).toBe('first');
  cancelled.cancel();
  await expect(messages.next()).rejects.toBeInstanceOf(CallFailure);
  await closed.promise;
});

test('what is not a server of gRPC is named by its status', async () => {
  const address = await listening(
    createServer((_, response) => {
      response.writeHead(502);
      response.end();
    }),
  );
  const { messages } = startStreamingCall({ ...request, address, longest: 1 });
  await expect(read(messages)).rejects.toThrow('HTTP status 502');
});
