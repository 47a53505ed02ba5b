import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/** The messages of rpc.proto as data. 64-bit numbers are decimal texts; in an answer, every field is there. */
export interface Header {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: string;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly createRevision: string;
  readonly modRevision: string;
  readonly version: string;
  readonly value: Buffer;
  /** `0`: none. */
  readonly lease: string;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  readonly revision?: string;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  /** Asked of the member itself, without the leader. */
  readonly serializable?: boolean;
  readonly minModRevision?: string;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** Of all keys in the range, whatever the limit. */
  readonly count: string;
}

export type RequestOp =
  | { readonly range: RangeRequest }
  | { readonly put: { readonly key: Buffer; readonly value: Buffer; readonly lease?: string } }
  | { readonly deleteRange: { readonly key: Buffer } };

export interface Compare {
  readonly result: 'EQUAL';
  readonly target: 'MOD';
  readonly key: Buffer;
  readonly modRevision: string;
}

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly { readonly range?: RangeResponse }[];
}

interface Call<Request, Response> {
  readonly request: Request;
  readonly response: Response;
}

/** What can be asked, by service and method. */
export interface Calls {
  'KV/Range': Call<RangeRequest, RangeResponse>;
  'KV/Txn': Call<TxnRequest, TxnResponse>;
  'Lease/LeaseGrant': Call<
    { readonly ttl: string; readonly id: string },
    { readonly id: string; readonly ttl: string }
  >;
  'Lease/LeaseTimeToLive': Call<
    { readonly id: string },
    { readonly header: Header; readonly ttl: string; readonly grantedTtl: string }
  >;
  'Lease/LeaseLeases': Call<Record<string, never>, { readonly leases: readonly { readonly id: string }[] }>;
  'Maintenance/HashKV': Call<
    { readonly revision: string },
    {
      readonly header: Header;
      readonly hash: number;
      readonly hashRevision: string;
      readonly compactRevision: string;
    }
  >;
  'Maintenance/Status': Call<
    Record<string, never>,
    {
      readonly header: Header;
      readonly version: string;
      readonly leader: string;
      readonly raftAppliedIndex: string;
      readonly dbSize: string;
      readonly isLearner: boolean;
      readonly errors: readonly string[];
    }
  >;
  'Auth/AuthStatus': Call<
    Record<string, never>,
    { readonly enabled: boolean; readonly authRevision: string }
  >;
  'Auth/Authenticate': Call<{ readonly name: string; readonly password: string }, { readonly token: string }>;
}

export type Method = keyof Calls;

/** What is answered by many messages. */
export interface Streams {
  'Maintenance/Snapshot': Call<
    Record<string, never>,
    { readonly remainingBytes: string; readonly blob: Buffer }
  >;
}

export type StreamMethod = keyof Streams;

type AllCalls = Calls & Streams;

/** How one method is called: its path, and how its messages become bytes and back. */
export interface Codec<M extends keyof AllCalls> {
  readonly path: string;
  readonly encode: (request: AllCalls[M]['request']) => Buffer;
  readonly decode: (bytes: Buffer) => AllCalls[M]['response'];
}

const packageName = 'etcdserverpb';
const proto = readFileSync(new URL('rpc.proto', import.meta.url), 'utf8');
const { root } = protobuf.parse(proto, { keepCase: false });
root.resolveAll();

const plain: protobuf.IConversionOptions = { longs: String, defaults: true, arrays: true };
const codecs = new Map<keyof AllCalls, unknown>();

export function codecOf<M extends keyof AllCalls>(name: M): Codec<M> {
  // The map holds under each name the codec of that name.
  const known = codecs.get(name) as Codec<M> | undefined;
  const codec = known ?? createCodec(name);
  codecs.set(name, codec);
  return codec;
}

function createCodec<M extends keyof AllCalls>(name: M): Codec<M> {
  const [serviceName = '', methodName = ''] = name.split('/');
  const method = root.lookupService(`${packageName}.${serviceName}`).methods[methodName];
  const requestType = method?.resolvedRequestType;
  const responseType = method?.resolvedResponseType;
  if (!requestType || !responseType) throw new Error(`rpc.proto has no ${name}`);
  return {
    path: `/${packageName}.${name}`,
    encode: (request) => Buffer.from(requestType.encode(requestType.fromObject(request)).finish()),
    // The interfaces above are rpc.proto, in other words.
    decode: (bytes) => responseType.toObject(responseType.decode(bytes), plain) as AllCalls[M]['response'],
  };
}
