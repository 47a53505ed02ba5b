import type { KeyStore, SnapshotStore } from '../store.ts';
import { openConnection } from './connection.ts';
import { describeServer, learnLimitsFrom } from './describe.ts';
import { defaultLimits, refusalOf } from './limits.ts';
import { openReading } from './read.ts';
import type { ConsulSettings } from './settings.ts';
import { openSnapshot } from './snapshot.ts';
import { isUnchanged } from './unchanged.ts';
import { writeAll } from './write.ts';

/** The keys of a Consul as a store. @throws ConfigInvalid where a PEM file cannot be read. */
export function openConsul(settings: ConsulSettings): KeyStore {
  const connection = openConnection(settings);
  const limits = defaultLimits();
  let limitsKnown = false;

  /** `refusal` asks no server; so whatever comes before it, a reading or a description, finds out. */
  async function learnLimits(signal: AbortSignal): Promise<void> {
    if (limitsKnown) return;
    await connection.inTurn(signal, (server) => learnLimitsFrom(server, limits, signal));
    limitsKnown = true;
  }

  return {
    kind: 'consul',
    async describe(signal) {
      const description = await connection.inTurn(signal, (server) =>
        describeServer(server, settings, limits, signal),
      );
      limitsKnown = true;
      return description;
    },
    async read(scope, signal) {
      await learnLimits(signal);
      return openReading(connection, scope, signal);
    },
    unchangedSince: (moment, records, scope, signal) =>
      isUnchanged(connection, moment, records, scope, signal),
    refusal: (record) => refusalOf(record, limits),
    binding: ({ meta }) => (meta.session === undefined ? undefined : { to: 'session', fate: 'dropped' }),
    async write(writes, options) {
      await learnLimits(options.signal);
      await writeAll(connection, limits, writes, options);
    },
    close() {
      connection.close();
      return Promise.resolve();
    },
  };
}

/** The whole of a Consul as a store. @throws ConfigInvalid where a PEM file cannot be read. */
export function openConsulSnapshots(settings: ConsulSettings): SnapshotStore {
  const connection = openConnection(settings);
  return {
    kind: 'consul',
    format: 'consul.snap',
    describe: (signal) =>
      connection.inTurn(signal, (server) => describeServer(server, settings, defaultLimits(), signal)),
    snapshot: (signal) => openSnapshot(connection, signal),
    // Raft's log grows by itself, with every check and coordinate.
    isUnchanged: () => false,
    close() {
      connection.close();
      return Promise.resolve();
    },
  };
}
