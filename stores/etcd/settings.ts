/** How the keys of an etcd are reached, read and written. Built from `etcd:` of a job; the password is resolved in the worker only. */
export interface EtcdSettings {
  /** `http://host:2379` or `https://…` of members of one cluster, tried in turn. */
  readonly endpoints: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** Instead of user and password, where whoever asks has made it himself: throwaway.ts. */
  readonly token?: string;
  readonly tls?: {
    /** Paths of PEM files. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
  /** What a restore does with keys that were bound to a lease. */
  readonly leases: LeasePolicy;
  /** What the server takes as one request (`--max-request-bytes`), and so how large a value can be. */
  readonly maxRequestBytes: number;
}

/**
 * `drop` writes them as keys that stay; `regrant` binds them to new leases with the time that was left when they were
 * read; `fail` refuses them, so that the plan names them.
 */
export type LeasePolicy = 'drop' | 'regrant' | 'fail';

/** etcd's own default. */
export const defaultMaxRequestBytes = 1.5 * 1024 * 1024;
