import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultBump } from '../stores/etcd/data-dir.ts';
import type { SourceOptions } from './sources.ts';

/** What `holdfast restore --to-data-dir` was asked for on its command line; the names are etcd's. */
export interface DataDirOptions extends SourceOptions {
  readonly toDataDir: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly initialClusterToken?: string;
  readonly initialAdvertisePeerUrls?: string;
  readonly bumpRevision: number | false;
}

const group = 'Of an etcd snapshot, a data directory:';

/** Those that mean nothing without --to-data-dir, by attribute. */
export const dataDirFlags: ReadonlyMap<string, string> = new Map([
  ['name', '--name'],
  ['initialCluster', '--initial-cluster'],
  ['initialClusterToken', '--initial-cluster-token'],
  ['initialAdvertisePeerUrls', '--initial-advertise-peer-urls'],
  ['bumpRevision', '--bump-revision'],
]);

export function addDataDirOptions(command: Command): Command {
  const options = [
    new Option(
      '--to-data-dir <directory>',
      'make etcd’s data directory here, without Temporal, and say what else is to be done',
    ),
    new Option('--name <name>', 'the member').default('default'),
    new Option('--initial-cluster <members>', 'every member of the new cluster: name=peerURL,…').default(
      'default=http://localhost:2380',
    ),
    new Option('--initial-cluster-token <token>', 'the same for all members (default: restored-<backup>)'),
    new Option(
      '--initial-advertise-peer-urls <urls>',
      'of this member (default: what --initial-cluster says of it)',
    ),
    new Option('--bump-revision <n>', 'how far revisions go on above those of the snapshot')
      .argParser(parseBump)
      .default(defaultBump),
    new Option(
      '--no-bump-revision',
      'revisions go on from those of the snapshot: who watches may miss changes',
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup(group));
  return command;
}

function parseBump(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('A whole number above 0 is expected; --no-bump-revision for none.');
}
