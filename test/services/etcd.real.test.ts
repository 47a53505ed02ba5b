import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEtcd, startEtcdCluster } from '../../services/etcd.ts';

test('etcd keeps its data, its port and its users over a restart', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-etcd-'));
  try {
    const options = { dataDir, rootPassword: 'secret' };
    const before = await startEtcd(options);
    await before.ctl('put', 'key', 'value');
    await before.kill();
    const after = await startEtcd({ ...options, port: Number(new URL(before.address).port) });
    expect(after.address).toBe(before.address);
    expect(await after.ctl('get', 'key')).toBe('key\nvalue');
    await after.stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

test('a cluster serves the same keys at every member, and without one of three', async () => {
  const members = await startEtcdCluster(3);
  try {
    await members[0]?.ctl('put', 'key', 'value');
    await members[0]?.kill();
    for (const member of members.slice(1)) expect(await member.ctl('get', 'key')).toBe('key\nvalue');
  } finally {
    await Promise.all(members.map((member) => member.stop()));
  }
});
