import type https from 'node:https';
import { openHttp, textOf } from '../http.ts';
import { answerError } from './errors.ts';
import type { ElasticsearchSettings } from './settings.ts';

/** One node of a cluster. */
export interface Server {
  readonly address: string;
  /** @throws what `answerError` makes of a status that is neither 200 nor `accepted`. */
  ask(request: Request): Promise<Answer>;
  close(): void;
}

export interface Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query, encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Statuses besides 200 that are answers and not failures. */
  readonly accepted?: readonly number[];
  /** Milliseconds that the server may think: deleting a snapshot answers when it is done. */
  readonly patience?: number;
}

export interface Answer {
  readonly address: string;
  readonly status: number;
  readonly text: string;
  /** `X-Elastic-Product`, where the server says it. */
  readonly product?: string;
}

export function openServer(
  address: string,
  { auth }: ElasticsearchSettings,
  tls: https.AgentOptions,
): Server {
  const connection = openHttp('the cluster', address, tls);
  const headers = { Accept: 'application/json', ...authorization(auth) };
  return {
    address,
    async ask({ method, path, body, signal, accepted = [], patience }) {
      const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const answer = await connection.send({
        ...{ method, path, signal, patience, body: json },
        headers: json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
      });
      const text = await textOf(answer, connection, signal);
      const status = answer.statusCode ?? 0;
      if (status !== 200 && !accepted.includes(status)) throw answerError(address, status, text);
      const product = answer.headers['x-elastic-product'];
      return { address, status, text, ...(typeof product === 'string' ? { product } : {}) };
    },
    close: () => connection.close(),
  };
}

function authorization(auth: ElasticsearchSettings['auth']): Record<string, string> {
  if (auth === undefined) return {};
  if ('apiKey' in auth) return { Authorization: `ApiKey ${auth.apiKey}` };
  return { Authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` };
}
