import { PassThrough, Readable } from 'node:stream';
import { free, freedInTurn, piecesOf } from '../../../workflows/contract/memory.ts';

test('memory of its own is freed at once, and every view of it is empty', () => {
  const memory = Buffer.allocUnsafeSlow(1 << 16);
  const view = memory.subarray(10, 20);
  free(view);
  expect([memory.length, view.length]).toEqual([0, 0]);
});

test('memory that may be shared among buffers is left alone', () => {
  const small = Buffer.from('small');
  const neighbour = Buffer.from('neighbour');
  free(small);
  expect(small.toString() + neighbour.toString()).toBe('smallneighbour');
  const shared = Buffer.from(new SharedArrayBuffer(1 << 16));
  free(shared);
  expect(shared).toHaveLength(1 << 16);
});

test('a chunk is whole until the next one is asked for, and so are its neighbours in the same memory', async () => {
  const memories = [1, 2, 3].map((byte) => Buffer.allocUnsafeSlow(1 << 16).fill(byte));
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const memory of memories) {
      await Promise.resolve();
      yield memory.subarray(0, 1000);
      yield memory.subarray(1000);
    }
  }
  const lengths: number[][] = [];
  let bytes = 0;
  for await (const chunk of freedInTurn(chunks())) {
    lengths.push(memories.map(({ length }) => length >> 16));
    bytes += chunk.length;
  }
  expect(bytes).toBe(3 << 16);
  // Freed no sooner than the first chunk of the next memory is there.
  expect(lengths.map((each) => each.join(''))).toEqual(['111', '111', '011', '011', '001', '001']);
  expect(memories.map(({ length }) => length)).toEqual([0, 0, 0]);
});

describe('the pieces of a stream', () => {
  const memory = (byte: number) => Buffer.allocUnsafeSlow(1 << 16).fill(byte);

  test('come one by one, also where many wait, and each is freed in its turn', async () => {
    const sent = Array.from({ length: 30 }, (_, byte) => memory(byte));
    const stream = new PassThrough({ highWaterMark: 64 << 20 });
    for (const piece of sent) stream.write(piece);
    stream.end();
    const seen: number[] = [];
    for await (const piece of piecesOf(stream)) {
      expect(piece).toHaveLength(1 << 16);
      seen.push(piece[0] ?? -1);
      expect(sent.filter(({ length }) => length === 0)).toHaveLength(Math.max(0, seen.length - 1));
    }
    expect(seen).toEqual(sent.map((_, byte) => byte));
  });

  test('are not asked for faster than they are read', async () => {
    let made = 0;
    const stream = new Readable({
      highWaterMark: 1,
      read() {
        this.push(made < 1000 ? memory(made++ % 256) : null);
      },
    });
    const pieces = piecesOf(stream);
    await pieces.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(20);
    await pieces.return(undefined);
    expect(stream.destroyed).toBe(true);
  });

  test('end with the error of the stream, and with one where it was closed early', async () => {
    const broken = new PassThrough();
    const read = Array.fromAsync(piecesOf(broken));
    broken.write('a');
    broken.destroy(new Error('cut off'));
    await expect(read).rejects.toThrow('cut off');
    const closed = new PassThrough();
    closed.destroy();
    await expect(Array.fromAsync(piecesOf(closed))).rejects.toMatchObject({
      code: 'ERR_STREAM_PREMATURE_CLOSE',
    });
  });
});
