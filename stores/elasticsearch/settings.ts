import type { TlsFiles } from '../http.ts';

/** How an Elasticsearch or OpenSearch is reached, and what of it is meant. Built from `elasticsearch:` of a job; credentials are resolved in the worker only. */
export interface ClusterSettings {
  /** `http://host:9200` or `https://…` of nodes of one cluster, tried in turn. */
  readonly addresses: readonly string[];
  readonly auth?:
    | { readonly user: string; readonly password: string }
    /** As Elasticsearch encodes it: base64 of `id:key`. */
    | { readonly apiKey: string };
  readonly tls?: TlsFiles;
  /** Names of indices and data streams, with `*`; `-` before one leaves it out. */
  readonly indices: readonly string[];
  /** What a name without `*` that is not there means: a failure, or nothing. */
  readonly ignoreUnavailable: boolean;
}

/** The same, and how it is snapshotted. */
export interface ElasticsearchSettings extends ClusterSettings {
  readonly repository: RepositorySettings;
  readonly globalState: boolean;
  /** Elasticsearch only: `security`, `kibana` and the like. */
  readonly featureStates: readonly string[];
  /** A template: snapshot-name.ts. */
  readonly snapshotName: string;
}

export interface RepositorySettings {
  readonly name: string;
  /** What it must be, and is made as where it is missing. Absent: somebody else has made it, and knows. */
  readonly definition?: {
    /** `s3`, `fs` and whatever plugins add. */
    readonly type: string;
    /** As the type names them; never credentials. */
    readonly settings: Readonly<Record<string, string | number | boolean>>;
  };
  /** A repository that is there and differs is changed, instead of failing. */
  readonly update: boolean;
}
