/** How a Consul is reached and read. Built from `consul:` of a job; the token is resolved in the worker only. */
export interface ConsulSettings {
  /** `http://host:8500` or `https://…`, tried in turn. */
  readonly addresses: readonly string[];
  readonly datacenter?: string;
  readonly token?: string;
  readonly tls?: {
    /** Paths of PEM files. */
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
  /** `consistent` (default) asks a quorum; `stale` reads any server, and the manifest says so. */
  readonly consistency: 'consistent' | 'stale';
}
