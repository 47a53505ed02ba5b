import type { z } from 'zod';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { patiently } from '../backoff.ts';
import { readTls } from '../http.ts';
import { createInTurn } from '../in-turn.ts';
import { openServer } from './server.ts';
import type { Answer, ByteAnswer, Request, Server } from './server.ts';
import type { ClusterSettings, ElasticsearchSettings } from './settings.ts';

/** The REST interface of a cluster, at whichever of its nodes serves. */
export interface Connection<Settings extends ClusterSettings = ClusterSettings> {
  readonly settings: Settings;
  /** Asks a node; where it is down the next one, and again where the cluster is busy. */
  ask(request: Request): Promise<Answer>;
  /** The same, with the answer as it came. */
  askBytes(request: Request): Promise<ByteAnswer>;
  /** The same, with the answer read as JSON of that shape. */
  read<Schema extends z.ZodType>(schema: Schema, request: Request): Promise<z.output<Schema>>;
  close(): void;
}

/** One that also says where the cluster keeps its snapshots. */
export type RepositoryConnection = Connection<ElasticsearchSettings>;

/** @throws ConfigInvalid where a PEM file cannot be read. */
export function openConnection<Settings extends ClusterSettings>(settings: Settings): Connection<Settings> {
  const tls = readTls('elasticsearch.tls', settings.tls);
  const servers = settings.addresses.map((address) => openServer(address, settings, tls));
  const inTurn = createInTurn(servers);
  const patient = <T>({ signal }: Request, use: (server: Server) => Promise<T>) =>
    patiently(signal, () => inTurn(signal, use), isBusy);
  const ask = (request: Request) => patient(request, (server) => server.ask(request));
  return {
    settings,
    ask,
    askBytes: (request) => patient(request, (server) => server.askBytes(request)),
    read: async (schema, request) => readAs(schema, await ask(request), request),
    close: () => servers.forEach((server) => server.close()),
  };
}

function isBusy({ code }: HoldfastError): boolean {
  return code === 'StoreUnavailable';
}

/** Some proxies answer 200 with a page of their own; that is no answer of the cluster. */
export function readAs<Schema extends z.ZodType>(
  schema: Schema,
  { address, text }: Answer,
  { method, path }: Pick<Request, 'method' | 'path'>,
  parse: (text: string) => unknown = JSON.parse,
): z.output<Schema> {
  try {
    return schema.parse(parse(text));
  } catch (cause) {
    throw new HoldfastError(
      'StoreUnavailable',
      `The answer of ${address} to ${method} ${path} is not one of Elasticsearch or OpenSearch: ${text.slice(0, 100)}`,
      { cause, details: { address } },
    );
  }
}
