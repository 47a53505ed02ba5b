import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkClock } from '../../../client/doctor/clock.ts';
import type { JobConfig } from '../../../config/config.ts';

/** A server whose clock is off by that much: no real one can be made so. */
async function findingsWith(offset: number | 'silent') {
  const server = createServer((_request, response) => {
    response.sendDate = false;
    if (offset !== 'silent') response.setHeader('Date', new Date(Date.now() + offset).toUTCString());
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store: JobConfig['store'] = {
    kind: 'consul',
    mode: 'keys',
    consul: { addresses: [address], consistency: 'consistent' },
  };
  try {
    return await checkClock({ store, storage: { kind: 'directory', directory: { path: '/nowhere' } } });
  } finally {
    server.close();
  }
}

test.each([
  [0, 'ok', ''],
  [-20_000, 'warning', 'ahead of http'],
  [20_000, 'warning', 'behind http'],
  [-3_600_000, 'failed', 'ahead of http'],
  [3_600_000, 'failed', 'behind http'],
])('a server that is %d ms ahead of this machine: %s', async (offset, state, text) => {
  const [finding, ...others] = await findingsWith(offset);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ check: 'clock', state, text: expect.stringContaining(text) as string });
});

test('a server that does not tell the time says nothing of the clock', async () => {
  expect(await findingsWith('silent')).toEqual([]);
});
