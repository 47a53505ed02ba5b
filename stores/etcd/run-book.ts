import { restoreWords } from './data-dir.ts';
import type { Member } from './data-dir.ts';

/** What to do by hand, in order, to get a cluster back from a snapshot. */
export interface RunBookStep {
  readonly title: string;
  readonly text: string;
  /** For a shell. */
  readonly commands: readonly string[];
}

export interface Recovery {
  readonly job: string;
  readonly backup: string;
  /** The address of the storage, where it was named instead of a configuration. */
  readonly storage?: string;
  /** The member whose data directory was made here, and the others. */
  readonly members: readonly [Member, ...Member[]];
  /** Where it is; the others are assumed to have theirs at the same place. */
  readonly dataDir: string;
  readonly bumpRevision: number;
  /** Of the snapshot. */
  readonly revision: string;
  /** SHA-256 (hex) of the plain file. */
  readonly sha256: string;
}

/** The way from a data directory of one member to a cluster that serves. */
export function runBook(recovery: Recovery): readonly RunBookStep[] {
  const { members } = recovery;
  const [own, ...others] = members;
  return [
    {
      title: 'Stop every member of the old cluster',
      text:
        'One that still runs would serve old data, or join the new one. In Kubernetes stop the API servers first ' +
        '(kubeadm: move kube-apiserver.yaml and etcd.yaml out of /etc/kubernetes/manifests, on every control plane node).',
      commands: ['systemctl stop etcd'],
    },
    ...(others.length === 0 ? [] : otherMembers(recovery, others)),
    {
      title: `Put the data directory in its place${others.length === 0 ? '' : ', on every member'}`,
      text: 'It has to belong to the user that etcd runs as. Keep the old one until everything is well.',
      commands: [`chown -R etcd:etcd ${quote(recovery.dataDir)}`, `chmod 700 ${quote(recovery.dataDir)}`],
    },
    {
      title: others.length === 0 ? 'Start etcd' : 'Start all members, within a minute of each other',
      text:
        (others.length === 0
          ? `With --name ${own.name} and --data-dir ${recovery.dataDir}. `
          : `Each with its own --name, --data-dir ${recovery.dataDir}, and the peer URLs of the commands above. `) +
        'What its unit or manifest says of --initial-cluster is not used: the data directory holds the new cluster.',
      commands: ['systemctl start etcd'],
    },
    {
      title: 'Check it',
      text:
        `Every member is there, one is the leader, all have the same revision (${revisionAfter(recovery)} or more) and ` +
        'the same hash. Put the client URLs in.',
      commands: [
        `export ETCDCTL_ENDPOINTS=${quote(clientUrls(members))}`,
        'etcdctl member list --write-out=table',
        'etcdctl endpoint status --write-out=table',
        'etcdctl endpoint hashkv --write-out=table',
      ],
    },
    clients(recovery),
  ];
}

function otherMembers(
  { job, backup, storage, dataDir, bumpRevision, sha256 }: Recovery,
  others: readonly Member[],
): readonly RunBookStep[] {
  const file = `${job}-${backup}.snapshot.db`;
  return [
    {
      title: 'Take the very same file to every other member',
      text: `Two files, even of the same minute, make two clusters. Its SHA-256 is ${sha256}.`,
      commands: [
        [
          'holdfast',
          'fetch',
          job,
          backup,
          ...(storage === undefined ? [] : ['--storage', storage]),
          '--output',
          file,
        ]
          .map(quote)
          .join(' '),
        ...others.map(({ initialAdvertisePeerUrls }) => `scp ${file} ${hostOf(initialAdvertisePeerUrls)}:`),
      ],
    },
    ...others.map((member): RunBookStep => ({
      title: `On ${hostOf(member.initialAdvertisePeerUrls)}, make the data directory of ${member.name}`,
      text: 'The directory must not be there, or be empty.',
      commands: [['etcdutl', ...restoreWords(file, dataDir, { member, bumpRevision })].map(quote).join(' ')],
    })),
  ];
}

function clients({ bumpRevision, revision }: Recovery): RunBookStep {
  const bumped =
    `Revisions go on ${bumpRevision.toLocaleString('en-US')} above that of the snapshot (${revision}), and those before ` +
    'count as compacted: who watched the old cluster is told so, and lists everything anew instead of waiting for ' +
    'revisions that it believes it has seen.';
  const notBumped =
    `Revisions go on from that of the snapshot (${revision}), below what clients have seen of the old cluster: who watches ` +
    'may miss changes without a word. Restart every client.';
  return {
    title: 'Bring the clients back',
    text:
      `${bumpRevision > 0 ? bumped : notBumped} What was written after the snapshot is lost; leases have the time that was ` +
      'granted anew; users and passwords are those of the snapshot. In Kubernetes put the API servers back, then ' +
      'restart kube-controller-manager, kube-scheduler and the kubelets, so that nothing acts on what it remembers. ' +
      'The cluster has a new id and a new history: take a backup of it now.',
    commands: [],
  };
}

export function revisionAfter({
  revision,
  bumpRevision,
}: Pick<Recovery, 'revision' | 'bumpRevision'>): string {
  return String(BigInt(revision) + BigInt(bumpRevision));
}

function hostOf(urls: string): string {
  return URL.parse(urls.split(',')[0] ?? '')?.hostname ?? urls;
}

/** A guess: etcd's own port, beside the one for its peers. */
function clientUrls(members: readonly Member[]): string {
  return members
    .map(({ initialAdvertisePeerUrls }) => URL.parse(initialAdvertisePeerUrls.split(',')[0] ?? ''))
    .flatMap((url) => (url === null ? [] : [`${url.protocol}//${url.hostname}:2379`]))
    .join(',');
}

/** As a shell takes it for one word. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
