import { documentsOf } from '../../activities/backup-reading.ts';
import { snapshotOf } from '../../activities/snapshot-file.ts';
import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import { present } from '../../config/present.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Manifest } from '../../workflows/contract/manifest.ts';
import type { Io } from '../io.ts';
import { storageEntry } from '../storage-address.ts';

/** What the command line names where no configuration does. */
export interface NamedPlaces {
  readonly storage: string;
  /** Addresses of the store; none: what is asked for needs none. */
  readonly store: readonly string[];
  readonly identity: readonly string[];
}

/**
 * The configuration of one job as it follows from a backup of it and from what the command line names, for the day when
 * holdfast.yaml is lost with everything else. How to log in to the store is read from the variables that the store's own
 * tools read. What is stored on the way is encrypted as the backup is.
 *
 * @throws BadRequest where an address is none
 */
export function configAlone(
  job: string,
  manifest: Manifest,
  { storage, store, identity }: NamedPlaces,
  env: Io['env'],
): Config {
  const entry = {
    storage: 'named',
    ...storeEntry(manifest, store, env),
    encrypt: { recipients: manifest.recipients, identity_files: identity },
  };
  const settings = { storages: { named: storageEntry(storage) }, jobs: { [job]: entry } };
  try {
    return parseConfig(JSON.stringify(settings), 'the command line', { env: {}, unset: 'fail' });
  } catch (cause) {
    // The settings came from this file, so what is wrong in them is an address or a variable.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('BadRequest', `--store ${store.join(' --store ')}: ${why}`, { cause });
  }
}

type Entry = Readonly<Record<string, unknown>>;

function storeEntry(manifest: Manifest, addresses: readonly string[], env: Io['env']): Entry {
  const given = (name: string): string | undefined => env[name] || undefined;
  const tls = (ca: string, cert: string, key: string): Entry => {
    const files = present({ ca: given(ca), cert: given(cert), key: given(key) });
    return Object.keys(files).length > 0 ? { tls: files } : {};
  };
  switch (manifest.store.kind) {
    case 'consul':
      return {
        consul: {
          addresses,
          ...present({ token: given('CONSUL_HTTP_TOKEN') }),
          ...tls('CONSUL_CACERT', 'CONSUL_CLIENT_CERT', 'CONSUL_CLIENT_KEY'),
        },
      };
    case 'etcd': {
      // As etcdctl takes it: the name alone, or with the password behind a colon.
      const [user, ...password] = (given('ETCDCTL_USER') ?? '').split(':');
      const secret = given('ETCDCTL_PASSWORD') ?? password.join(':');
      return {
        etcd: {
          endpoints: addresses,
          mode: snapshotOf(manifest) === undefined ? 'keys' : 'snapshot',
          ...(user && { user, password: secret }),
          ...tls('ETCDCTL_CACERT', 'ETCDCTL_CERT', 'ETCDCTL_KEY'),
        },
      };
    }
    case 'elasticsearch':
      return {
        elasticsearch: {
          addresses,
          ...(documentsOf(manifest) === undefined
            ? { mode: 'snapshot', repository: { name: manifest.snapshot?.repository ?? '' } }
            : { mode: 'documents' }),
          ...present({
            user: given('ES_USER'),
            password: given('ES_PASSWORD'),
            api_key: given('ES_API_KEY'),
          }),
          ...tls('ES_CACERT', 'ES_CERT', 'ES_KEY'),
        },
      };
  }
}
