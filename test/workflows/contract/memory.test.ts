import { free, freedInTurn } from '../../../workflows/contract/memory.ts';

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
