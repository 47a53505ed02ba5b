import { readFileSync } from 'node:fs';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import type { ChannelCredentials, ServiceError } from '@grpc/grpc-js';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { callError } from './errors.ts';
import { codecOf } from './messages.ts';
import type { Calls, Method, StreamMethod, Streams } from './messages.ts';
import type { EtcdSettings } from './settings.ts';
import { messagesOf } from './stream.ts';
import { startStreamingCall, type Tls } from './streaming-call.ts';

/** Longer than etcd itself gives a request (five seconds and twice the election timeout). */
const timeout = 30_000;
const otherTimeouts: Partial<Record<Method, number>> = {
  // Nobody waits so long to learn who answers.
  'Maintenance/Status': 10_000,
  // It reads the whole database.
  'Maintenance/HashKV': 600_000,
};
/** Of one answer. Pages are asked for in sizes far below; this keeps a wrong guess from filling the memory. */
export const answerBytes = 64 * 1024 * 1024;

/** One member of a cluster. */
export interface Server {
  readonly address: string;
  /** @throws a HoldfastError that names the address, or the reason of the signal. */
  call<M extends Method>(
    method: M,
    request: Calls[M]['request'],
    signal: AbortSignal,
  ): Promise<Calls[M]['response']>;
  /** Bytes in an answer may be read until the next one is asked for. @throws as `call` does, also in the middle. */
  stream<M extends StreamMethod>(
    method: M,
    request: Streams[M]['request'],
    signal: AbortSignal,
  ): AsyncGenerator<Streams[M]['response']>;
  close(): void;
}

/** The PEM files of the settings, as both kinds of connections want them. */
export interface Credentials {
  readonly channel: ChannelCredentials;
  readonly tls: Tls;
}

/** @throws ConfigInvalid where a PEM file cannot be read. */
export function readCredentials({ tls = {} }: EtcdSettings): Credentials {
  const pem = (file: string | undefined): Buffer | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch (cause) {
      const why = Error.isError(cause) ? cause.message : String(cause);
      throw new HoldfastError('ConfigInvalid', `The PEM file ${file} cannot be read: ${why}`, { cause });
    }
  };
  const [ca, key, cert] = [pem(tls.ca), pem(tls.key), pem(tls.cert)];
  try {
    const channel = credentials.createSsl(ca ?? null, key ?? null, cert ?? null);
    const { serverName } = tls;
    return { channel, tls: { ca, key, cert, ...(serverName !== undefined && { servername: serverName }) } };
  } catch (cause) {
    const why = Error.isError(cause) ? cause.message : String(cause);
    throw new HoldfastError('ConfigInvalid', `The PEM files of etcd cannot be used: ${why}`, { cause });
  }
}

export function openServer(address: string, settings: EtcdSettings, { channel, tls }: Credentials): Server {
  const url = new URL(address);
  const isSecure = url.protocol === 'https:';
  const serverName = isSecure ? settings.tls?.serverName : undefined;
  const client = new Client(targetOf(url), isSecure ? channel : credentials.createInsecure(), {
    'grpc.max_receive_message_length': answerBytes,
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': 8 * 1024 * 1024,
    // Retries are ours: only we know what may be sent twice.
    'grpc.enable_retries': 0,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.use_local_subchannel_pool': 1,
    // A store is reached as Consul's is, without a proxy for the web.
    'grpc.enable_http_proxy': 0,
    ...(serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
  });
  let token: Promise<string | undefined> | undefined;

  function send<M extends Method>(
    method: M,
    request: Calls[M]['request'],
    metadata: Metadata,
    signal: AbortSignal,
  ): Promise<Calls[M]['response']> {
    const { path, encode, decode } = codecOf(method);
    const deadline = Date.now() + (otherTimeouts[method] ?? timeout);
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const call = client.makeUnaryRequest(path, encode, decode, request, metadata, { deadline }, answered);
      const cancel = () => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      function answered(error: ServiceError | null, response?: Calls[M]['response']): void {
        signal.removeEventListener('abort', cancel);
        if (signal.aborted) reject(signal.reason as Error);
        else if (error !== null) reject(callError(address, error));
        else if (response === undefined) reject(new Error(`${method}: neither an error nor an answer`));
        else resolve(response);
      }
    });
  }

  /** Tokens live five minutes, or shorter; nobody tells beforehand. */
  async function authenticate(signal: AbortSignal): Promise<string | undefined> {
    if (settings.token !== undefined) return settings.token;
    const { user: name, password = '' } = settings;
    if (name === undefined) return undefined;
    try {
      return (await send('Auth/Authenticate', { name, password }, new Metadata(), signal)).token;
    } catch (error) {
      // As etcdctl does: credentials are no harm to a cluster that asks for none.
      if (error instanceof HoldfastError && /authentication is not enabled/.test(error.message)) {
        return undefined;
      }
      throw error;
    }
  }

  async function currentToken(signal: AbortSignal): Promise<string | undefined> {
    if (token === undefined) {
      const asked = authenticate(signal);
      token = asked;
      asked.catch(() => {
        if (token === asked) token = undefined;
      });
    }
    return token;
  }

  async function metadata(signal: AbortSignal): Promise<Metadata> {
    const found = await currentToken(signal);
    const data = new Metadata();
    if (found !== undefined) data.set('token', found);
    return data;
  }

  return {
    address,
    async call(method, request, signal) {
      signal.throwIfAborted();
      const data = await metadata(signal);
      try {
        return await send(method, request, data, signal);
      } catch (error) {
        if (settings.user === undefined || !isOldToken(error)) throw error;
        token = undefined;
        return send(method, request, await metadata(signal), signal);
      }
    },
    async *stream(method, request, signal) {
      signal.throwIfAborted();
      const { path, encode, decode } = codecOf(method);
      const call = startStreamingCall({
        address: url,
        tls,
        path,
        message: encode(request),
        token: await currentToken(signal),
        longest: answerBytes,
      });
      for await (const message of messagesOf(call, address, signal)) yield decode(message);
    },
    close: () => client.close(),
  };
}

/** The address in gRPC's words. */
function targetOf({ protocol, hostname, port, pathname }: URL): string {
  if (protocol === 'unix:') return `unix:${pathname}`;
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

function isOldToken(error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false;
  return (
    error.details.status === status.UNAUTHENTICATED ||
    /revision in auth store is old|user name is empty/.test(error.message)
  );
}
