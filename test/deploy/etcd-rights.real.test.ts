import { dirname, join } from 'node:path';
import { run } from '../../services/cache/command.ts';
import { findOrBuild } from '../../services/cache/find.ts';
import { etcdctl, startEtcd } from '../../services/etcd.ts';
import { openEtcd } from '../../stores/etcd/etcd.ts';
import { defaultMaxRequestBytes } from '../../stores/etcd/settings.ts';
import { readAll, send } from '../stores/conformance.ts';
import { record } from '../stores/records.ts';
import { deploy } from './bucket-policy.ts';

const password = 'root password';

test.each([
  ['all keys', []],
  ['those under a prefix', ['app/']],
])('roles.sh, for %s: one role reads, the other one writes; a snapshot is for root', async (_, words) => {
  const server = await startEtcd({ rootPassword: password });
  const stores = ['holdfast-backup', 'holdfast-restore'].map((user) =>
    openEtcd({
      ...{ endpoints: [server.address], user, password: 'secret' },
      ...{ leases: 'regrant', maxRequestBytes: defaultMaxRequestBytes },
    }),
  );
  try {
    const [backup, restore] = stores;
    if (!backup || !restore) throw new Error('two were opened');
    await makeRoles(server.address, words);
    await makeRoles(server.address, words);
    for (const role of ['holdfast-backup', 'holdfast-restore']) {
      await server.ctl('user', 'add', `${role}:secret`);
      await server.ctl('user', 'grant-role', role, role);
    }
    await server.ctl('put', 'app/1', 'one');
    const [prefix = ''] = words;

    expect(await readAll(backup, { prefix })).toHaveLength(1);
    const write = { op: 'set', record: record('app/2', 'two'), seen: '0' } as const;
    await expect(send(backup, [write])).rejects.toMatchObject({ code: 'StoreRefused' });
    expect(await send(restore, [write])).toMatchObject([{ outcome: 'done' }]);
    expect(await readAll(restore, { prefix })).toHaveLength(2);

    if (prefix === '') return;
    await expect(readAll(backup)).rejects.toMatchObject({ code: 'StoreRefused' });
    const outside = { ...write, record: record('other', 'two') };
    await expect(send(restore, [outside])).rejects.toMatchObject({ code: 'StoreRefused' });
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await server.stop();
  }
});

async function makeRoles(address: string, words: readonly string[]): Promise<void> {
  const PATH = `${dirname(await findOrBuild(etcdctl))}:${process.env['PATH'] ?? ''}`;
  const env = { PATH, ETCDCTL_ENDPOINTS: address, ETCDCTL_USER: `root:${password}` };
  await run([join(deploy, 'etcd/roles.sh'), ...words], { cwd: '/', env });
}
