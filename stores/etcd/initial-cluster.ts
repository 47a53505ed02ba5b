import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Member } from './data-dir.ts';

/** What somebody said of the new cluster; `name` is the member whose data directory is made. */
export interface NewCluster {
  readonly name: string;
  /** `name=peerURL,…`, as etcd takes it; a name may stand there more than once. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  /** Where it differs from what `initialCluster` says of this member. */
  readonly initialAdvertisePeerUrls?: string;
}

/**
 * Every member of the new cluster, the one to be made first.
 *
 * @throws BadRequest where etcd would not take it
 */
export function membersOf(cluster: NewCluster): readonly [Member, ...Member[]] {
  const { name: wanted, initialCluster, initialClusterToken } = cluster;
  const urls = new Map<string, string[]>();
  for (const part of initialCluster.split(',')) {
    const [, name = '', url = ''] = /^([^=]+)=(.+)$/.exec(part.trim()) ?? [];
    if (!['http:', 'https:'].includes(URL.parse(url)?.protocol ?? '')) throw unreadable(initialCluster);
    urls.set(name, [...(urls.get(name) ?? []), url]);
  }
  const names = [...urls.keys()];
  if (!urls.has(wanted)) {
    throw new HoldfastError(
      'BadRequest',
      `The member ${JSON.stringify(wanted)} (--name) is not among those of --initial-cluster: ${names.join(', ')}.`,
    );
  }
  const memberOf = (name: string): Member => ({
    name,
    initialCluster,
    initialClusterToken,
    initialAdvertisePeerUrls: (urls.get(name) ?? []).join(','),
  });
  const own = cluster.initialAdvertisePeerUrls;
  return [
    { ...memberOf(wanted), ...(own === undefined ? {} : { initialAdvertisePeerUrls: own }) },
    ...names.filter((name) => name !== wanted).map(memberOf),
  ];
}

function unreadable(text: string): HoldfastError {
  return new HoldfastError(
    'BadRequest',
    `${JSON.stringify(text)} is no --initial-cluster. ` +
      'Write it like m1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380,m3=https://10.0.0.3:2380.',
  );
}
