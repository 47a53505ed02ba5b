import { membersOf } from '../../../stores/etcd/initial-cluster.ts';
import { runBook, type Recovery } from '../../../stores/etcd/run-book.ts';

const initialCluster =
  'm1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380,m3=https://10.0.0.3:2380,m3=https://[fd00::3]:2380';

function recovery(changes: Partial<Recovery> & { readonly name?: string } = {}): Recovery {
  const { name = 'm2', ...others } = changes;
  return {
    job: 'etcd-prod',
    backup: '20261122T041500Z',
    members: membersOf({ name, initialCluster, initialClusterToken: 'restored' }),
    dataDir: '/var/lib/etcd data',
    bumpRevision: 1_000_000_000,
    revision: '9223372036854775000',
    sha256: 'ab'.repeat(32),
    ...others,
  };
}

test('members are those of --initial-cluster, the one to be made first, with all their URLs', () => {
  const members = membersOf({ name: 'm2', initialCluster, initialClusterToken: 'restored' });
  expect(members.map(({ name, initialAdvertisePeerUrls }) => [name, initialAdvertisePeerUrls])).toEqual([
    ['m2', 'https://10.0.0.2:2380'],
    ['m1', 'https://10.0.0.1:2380'],
    ['m3', 'https://10.0.0.3:2380,https://[fd00::3]:2380'],
  ]);
  const own = { initialAdvertisePeerUrls: 'https://m2.example.com:2380' };
  expect(membersOf({ name: 'm2', initialCluster, initialClusterToken: '', ...own })[0]).toMatchObject(own);
});

test.each([
  ['m1', 'no --initial-cluster'],
  ['m1=10.0.0.1:2380', 'no --initial-cluster'],
  ['', 'no --initial-cluster'],
  ['other=http://10.0.0.1:2380', '"m1" (--name) is not among those of --initial-cluster: other.'],
])('%s is refused', (text, words) => {
  expect(() => membersOf({ name: 'm1', initialCluster: text, initialClusterToken: '' })).toThrow(words);
});

test('every other member gets a command for the same file; words are safe in a shell', () => {
  const commands = runBook(recovery({ storage: 's3://bucket/prod?region=eu-central-1' })).flatMap(
    (step) => step.commands,
  );
  expect(commands).toContain(
    "holdfast fetch etcd-prod 20261122T041500Z --storage 's3://bucket/prod?region=eu-central-1' --output etcd-prod-20261122T041500Z.snapshot.db",
  );
  expect(commands.filter((command) => command.startsWith('etcdutl'))).toEqual(
    [
      ['m1', 'https://10.0.0.1:2380'],
      ['m3', "'https://10.0.0.3:2380,https://[fd00::3]:2380'"],
    ].map(
      ([name = '', urls = '']) =>
        `etcdutl snapshot restore etcd-prod-20261122T041500Z.snapshot.db --data-dir '/var/lib/etcd data' --name ${name} ` +
        `--initial-cluster '${initialCluster}' --initial-cluster-token restored --initial-advertise-peer-urls ${urls} ` +
        '--bump-revision 1000000000 --mark-compacted',
    ),
  );
});

test('it says which revision to expect, exactly, and what it means for clients', () => {
  const text = (book: Recovery) =>
    runBook(book)
      .map((step) => step.text)
      .join('\n');
  expect(text(recovery())).toContain('9223372037854775000 or more');
  expect(text(recovery())).toContain('lists everything anew');
  expect(text(recovery({ bumpRevision: 0 }))).toContain('Restart every client.');
  expect(
    runBook(recovery({ bumpRevision: 0 }))
      .flatMap((step) => step.commands)
      .join(),
  ).not.toContain('bump');
});
