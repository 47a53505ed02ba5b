import type https from 'node:https';
import { allBytesOf, openHttp } from '../http.ts';
import { answerError } from './errors.ts';
import type { ClusterSettings } from './settings.ts';

/** One node of a cluster. */
export interface Server {
  readonly address: string;
  /** @throws what `answerError` makes of a status that is neither 200 nor `accepted`. */
  ask(request: Request): Promise<Answer>;
  /** The same, with the answer as it came. */
  askBytes(request: Request): Promise<ByteAnswer>;
  close(): void;
}

export interface Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query, encoded. */
  readonly path: string;
  /** Sent as JSON; bytes as they are. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Statuses besides 200 that are answers and not failures. */
  readonly accepted?: readonly number[];
  /** Milliseconds that the server may think: deleting a snapshot answers when it is done. */
  readonly patience?: number;
}

export interface Answer extends Omit<ByteAnswer, 'bytes'> {
  readonly text: string;
}

export interface ByteAnswer {
  readonly address: string;
  readonly status: number;
  readonly bytes: Buffer;
  /** `X-Elastic-Product`, where the server says it. */
  readonly product?: string;
}

export function openServer(address: string, { auth }: ClusterSettings, tls: https.AgentOptions): Server {
  const connection = openHttp('the cluster', address, tls);
  const headers = { Accept: 'application/json', ...authorization(auth) };
  async function askBytes(request: Request): Promise<ByteAnswer> {
    const { method, path, body, signal, accepted = [], patience } = request;
    const json = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const answer = await connection.send({
      ...{ method, path, signal, patience, body: json },
      headers: json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
    });
    const bytes = await allBytesOf(answer, connection, signal);
    const status = answer.statusCode ?? 0;
    if (status !== 200 && !accepted.includes(status)) throw answerError(address, status, bytes.toString());
    const product = answer.headers['x-elastic-product'];
    return { address, status, bytes, ...(typeof product === 'string' ? { product } : {}) };
  }

  return {
    address,
    async ask(request) {
      const { bytes, ...answer } = await askBytes(request);
      return { ...answer, text: bytes.toString() };
    },
    askBytes,
    close: () => connection.close(),
  };
}

function authorization(auth: ClusterSettings['auth']): Record<string, string> {
  if (auth === undefined) return {};
  if ('apiKey' in auth) return { Authorization: `ApiKey ${auth.apiKey}` };
  return { Authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` };
}
