import { Connection } from '@temporalio/client';
import { registerSearchAttributes } from '../../config/search-attributes.ts';
import { startTemporal, type TemporalServer } from '../../services/temporal.ts';

let temporal: TemporalServer;
let connection: Connection;

beforeAll(async () => {
  temporal = await startTemporal();
  connection = await Connection.connect({ address: temporal.address });
});

afterAll(async () => {
  await connection.close();
  await temporal.stop();
});

/** As Temporal Cloud: everything but the operator service. */
function managed(): Connection {
  const denied = () => Promise.reject(new Error('7 PERMISSION_DENIED: Request unauthorized.'));
  return Object.create(connection, {
    operatorService: { value: { listSearchAttributes: denied, addSearchAttributes: denied } },
  }) as Connection;
}

test('where the operator service is denied, what is missing is said with the commands that create it', async () => {
  await expect(registerSearchAttributes(managed(), 'default')).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining(
      'temporal operator search-attribute create --namespace default --name HoldfastVerified --type Bool',
    ) as unknown,
  });
});

test('they are registered once', async () => {
  expect(await registerSearchAttributes(connection, 'default')).toHaveLength(5);
  expect(await registerSearchAttributes(connection, 'default')).toEqual([]);
});

test('where the operator service is denied, attributes that somebody has created are enough', async () => {
  expect(await registerSearchAttributes(managed(), 'default')).toEqual([]);
});
