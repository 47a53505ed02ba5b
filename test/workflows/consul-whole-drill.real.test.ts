import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type ConsulServer, startConsul } from '../../services/consul.ts';
import { pathForDrills } from '../../services/on-path.ts';
import type { DrillResult } from '../../workflows/contract/drill.ts';
import { backupId } from '../../workflows/contract/names.ts';
import { startingBackup, startingDrill } from '../../workflows/contract/starting.ts';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { type Rig, startRig } from './rig.ts';

/** A drill of a whole Consul with ACLs on: a throwaway one is replaced by its snapshot, and compared. */
const management = '6a1253d2-1785-24fd-91c2-f8e78c745511';
let consul: ConsulServer;
let rig: Rig;
const pathBefore = process.env.PATH;
beforeAll(async () => {
  process.env.PATH = await pathForDrills();
  consul = await startConsul({ token: management });
  const store = { address: consul.address, token: management, mode: 'snapshot' };
  rig = await startRig({ whole: { prefix: '', consul: store, encrypt: { allow_plaintext: true } } });
});
afterAll(async () => {
  process.env.PATH = pathBefore;
  await rig.stop();
  await consul.stop();
});

test('it is restored, every key and thing is equal, the live one is not touched, and nothing is left', async () => {
  const records = [
    { key: Buffer.from('app/one'), value: Buffer.from('1') },
    {
      key: Buffer.from('app/two'),
      value: Buffer.from([0, 255]),
      attributes: { flags: '18446744073709551615' },
    },
  ];
  await fillConsul(consul.address, records, management);
  const policy = JSON.stringify({ Name: 'reader', Rules: 'key_prefix "" { policy = "read" }' });
  await askConsul(consul.address, 'PUT', '/v1/acl/policy', policy, management);
  const id = backupId(new Date(Date.now() - 3_600_000));
  const { type, ...options } = startingBackup({ job: 'whole', store: 'consul' }, id);
  await rig.client.workflow.execute(type, { ...options, args: [{ job: 'whole', id }] });
  const before = await listConsul(consul.address, management);

  const starting = startingDrill({ job: 'whole', store: 'consul' }, backupId(new Date()));
  const { type: drill, ...how } = starting;
  const args = [{ job: 'whole', id: backupId(new Date()) }];
  const result = (await rig.client.workflow.execute(drill, { ...how, args })) as DrillResult;
  expect(result).toMatchObject({
    outcome: 'proven',
    backup: id,
    records: 2,
    scratch: { kind: 'throwaway', program: 'consul' },
    comparisons: [
      { what: 'keys and things that differ', outcome: 'equal', expected: '0', found: '0' },
      { what: 'keys', outcome: 'equal', expected: '2', found: '2' },
    ],
  });
  expect(result.rtoMilliseconds).toBeGreaterThan(0);
  expect(await listConsul(consul.address, management)).toEqual(before);
  expect((await readdir(tmpdir())).filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
});
