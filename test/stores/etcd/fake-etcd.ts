import { Server, ServerCredentials } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import protobuf from 'protobufjs';

/** What is answered to a call: a message as data, or a failure in etcd's words; of a stream, any number of them. */
export type Answer = object | { readonly fail: number; readonly words: string };
export type Handler = (request: Readonly<Record<string, unknown>>) => Answer;

export interface FakeEtcd {
  readonly address: string;
  /** Names of the calls so far. */
  readonly calls: string[];
  stop(): void;
}

const proto = readFileSync(new URL('../../../stores/etcd/rpc.proto', import.meta.url), 'utf8');
const { root } = protobuf.parse(proto, { keepCase: false });

/** An etcd that answers as a script says. Methods without a script are not implemented. */
export async function startFakeEtcd(script: Readonly<Record<string, Handler>>): Promise<FakeEtcd> {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const calls: string[] = [];
  for (const [name, handler] of Object.entries(script)) {
    const [service = '', method = ''] = name.split('/');
    const described = root.lookupService(`etcdserverpb.${service}`).methods[method];
    const { requestType, responseType, responseStream = false } = described ?? {};
    const asked = root.lookupType(`etcdserverpb.${requestType ?? ''}`);
    const answered = root.lookupType(`etcdserverpb.${responseType ?? ''}`);
    const path = `/etcdserverpb.${name}`;
    server.addService(
      {
        [method]: {
          path,
          requestStream: false,
          responseStream,
          requestSerialize: (request: Buffer) => request,
          requestDeserialize: (bytes: Buffer) =>
            asked.toObject(asked.decode(bytes), { longs: String, defaults: true }),
          responseSerialize: (answer: object) =>
            Buffer.from(answered.encode(answered.fromObject(answer)).finish()),
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        [method]: responseStream
          ? (call: Writable & { request: Record<string, unknown> }) => {
              calls.push(name);
              const answers = handler(call.request);
              for (const answer of Array.isArray(answers) ? (answers as object[]) : [answers]) {
                const failure = failureIn(answer);
                if (failure !== undefined) {
                  call.emit('error', failure);
                  return;
                }
                call.write(answer);
              }
              call.end();
            }
          : (
              call: { request: Record<string, unknown> },
              callback: (error: object | null, answer?: object) => void,
            ) => {
              calls.push(name);
              const answer = handler(call.request);
              const failure = failureIn(answer);
              if (failure === undefined) callback(null, answer);
              else callback(failure);
            },
      },
    );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `http://127.0.0.1:${port}`, calls, stop: () => server.forceShutdown() };
}

function failureIn(answer: Answer): { readonly code: number; readonly details: string } | undefined {
  return 'fail' in answer && 'words' in answer ? { code: answer.fail, details: answer.words } : undefined;
}
