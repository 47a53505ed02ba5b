import type { KeyStore, SnapshotStore } from '../store.ts';
import { openConnection } from './connection.ts';
import { describeServer } from './describe.ts';
import { bindingOf } from './leases.ts';
import { initialLimits, refusalOf } from './limits.ts';
import { chooseMember } from './member.ts';
import { openReading } from './read.ts';
import type { EtcdSettings } from './settings.ts';
import { openSnapshot } from './snapshot.ts';
import { isSameState, isUnchanged } from './unchanged.ts';
import { writeAll } from './write.ts';

/** The keys of an etcd as a store. @throws ConfigInvalid where a PEM file cannot be read. */
export function openEtcd(settings: EtcdSettings): KeyStore {
  const connection = openConnection(settings);
  const limits = initialLimits(settings);
  return {
    kind: 'etcd',
    describe: (signal) => connection.inTurn(signal, (server) => describeServer(server, signal)),
    read: (scope, signal) => openReading(connection, scope, signal),
    unchangedSince: (moment, records, scope, signal) =>
      isUnchanged(connection, moment, records, scope, signal),
    refusal: (record) => refusalOf(record, limits, settings),
    binding: (record) => bindingOf(record, settings),
    write: (writes, options) => writeAll(connection, limits, writes, options),
    close() {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** The whole of an etcd as a store. @throws ConfigInvalid where a PEM file cannot be read. */
export function openEtcdSnapshots(settings: EtcdSettings): SnapshotStore {
  const connection = openConnection(settings);
  return {
    kind: 'etcd',
    format: 'snapshot.db',
    describe: async (signal) => (await chooseMember(connection, signal)).description,
    snapshot: (signal) => openSnapshot(connection, signal),
    isUnchanged: isSameState,
    close() {
      connection.close();
      return Promise.resolve();
    },
  };
}
