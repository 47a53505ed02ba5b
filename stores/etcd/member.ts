import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { StoreDescription } from '../../workflows/contract/manifest.ts';
import { noneServed } from '../in-turn.ts';
import type { Connection } from './connection.ts';
import { alarmsIn, hex, requireHealth } from './describe.ts';
import { refusedWithoutRoot } from './errors.ts';
import type { Calls } from './messages.ts';
import type { Server } from './server.ts';

/** The member whose snapshot is taken, and how it presented itself just before. */
export interface Member {
  readonly server: Server;
  readonly description: StoreDescription;
}

type Status = Calls['Maintenance/Status']['response'];

/**
 * The leader where an endpoint leads to it, else the member that has applied most. One that is down is passed over; a
 * learner is not taken. Before it is described, the member has caught up with all that was acknowledged before this
 * call: a snapshot of it holds that.
 *
 * `details`: `clusterId`, `memberId`, `raftIndex` (the last entry it has applied), `dbSize`, and `alarms`, if any.
 */
export async function chooseMember(connection: Connection, signal: AbortSignal): Promise<Member> {
  try {
    const server = await preferred(connection.servers, signal);
    // A read that asks the leader: the member answers it only when it has applied as much as the leader knew of.
    await server.call('KV/Range', { key: Buffer.from([0]), countOnly: true }, signal);
    return describeMember(server, await server.call('Maintenance/Status', {}, signal));
  } catch (error) {
    throw refusedWithoutRoot(error) ?? error;
  }
}

function describeMember(server: Server, status: Status): Member {
  const { address } = server;
  requireHealth(status, address);
  const { header, version, raftAppliedIndex, dbSize, errors } = status;
  const alarms = alarmsIn(errors);
  return {
    server,
    description: {
      kind: 'etcd',
      version,
      address,
      details: {
        clusterId: hex(header.clusterId),
        memberId: hex(header.memberId),
        raftIndex: raftAppliedIndex,
        dbSize,
        ...(alarms.length > 0 && { alarms: alarms.join(', ') }),
      },
    },
  };
}

async function preferred(servers: readonly Server[], signal: AbortSignal): Promise<Server> {
  const asked = await Promise.allSettled(
    servers.map(async (server) => {
      const status = await server.call('Maintenance/Status', {}, signal);
      requireHealth(status, server.address);
      return { server, status };
    }),
  );
  signal.throwIfAborted();
  const answers = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  refuseOtherCluster(answers);
  const best = answers.filter(({ status }) => !status.isLearner).toSorted(byFreshness)[0];
  if (best !== undefined) return best.server;
  throw noneServed(
    asked.map((result, index) => {
      const address = servers[index]?.address ?? '';
      if (result.status === 'fulfilled') return { address, error: learner(address) };
      if (result.reason instanceof HoldfastError) return { address, error: result.reason };
      throw result.reason;
    }),
  );
}

interface Answer {
  readonly server: Server;
  readonly status: Status;
}

function byFreshness({ status: a }: Answer, { status: b }: Answer): number {
  const leads = (status: Status) => (status.leader === status.header.memberId ? 1 : 0);
  return leads(b) - leads(a) || Number(BigInt(b.raftAppliedIndex) - BigInt(a.raftAppliedIndex));
}

function refuseOtherCluster(answers: readonly Answer[]): void {
  const [first] = answers;
  const other = answers.find(({ status }) => status.header.clusterId !== first?.status.header.clusterId);
  if (first === undefined || other === undefined) return;
  throw new HoldfastError(
    'StoreRefused',
    `etcd at ${other.server.address} is a member of another cluster than ${first.server.address}.`,
    { details: { address: other.server.address, status: 'other cluster' } },
  );
}

function learner(address: string): HoldfastError {
  return new HoldfastError(
    'StoreUnavailable',
    `etcd at ${address} is a learner: it may not have everything yet.`,
    { details: { address } },
  );
}
