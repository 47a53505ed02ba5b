import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { MotoServer } from '../../../services/moto.ts';
import { spawnTied, type TiedProcess } from '../../../stores/lifeline.ts';

const worker = fileURLToPath(new URL('../../../worker/main.ts', import.meta.url));

/**
 * What the machines of a cluster do, which moto has none of: it stands before moto, starts the command of each task
 * that moto takes as a process, and where tasks are described, adds what has become of it.
 */
export interface EcsAgent {
  /** For clients of ECS. */
  readonly address: string;
  /** Of all tasks, in order. */
  readonly containers: readonly Container[];
  /** Bodies of the requests to RunTask, as they came. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export interface Container {
  readonly task: string;
  readonly command: readonly string[];
  /** The exit code, as ECS tells it; resolves when it has ended. */
  readonly ended: Promise<number>;
  readonly log: () => string;
  kill(): void;
}

interface RunningTask extends Container {
  readonly process: TiedProcess;
  exitCode?: number;
  /** Given to StopTask. */
  stopReason?: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** @param environment of each container: what the image, the task definition and secrets give it */
export async function startAgent(
  moto: MotoServer,
  environment: () => Readonly<Record<string, string>>,
): Promise<EcsAgent> {
  const tasks = new Map<string, RunningTask>();
  const asked: string[] = [];

  const start = (task: string, { overrides }: Fields): void => {
    const [container] = (overrides as { containerOverrides: { command: readonly string[] }[] })
      .containerOverrides;
    const { command = [] } = container ?? {};
    // What the entry point of the image does with it.
    const [program, ...words] = command;
    if (program !== 'worker') throw new Error(`No worker is to be started: ${command.join(' ')}`);
    tasks.set(task, run(task, command, [process.execPath, worker, ...words], environment()));
  };

  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request);
      const action = String(request.headers['x-amz-target']).split('.').at(-1);
      const answer = await forward(moto.address, request, body);
      const given = JSON.parse(answer.text) as Fields;
      const wanted = JSON.parse(body) as Fields;
      if (action === 'RunTask' && answer.status === 200) {
        asked.push(body);
        for (const { taskArn } of given['tasks'] as { taskArn: string }[]) start(taskArn, wanted);
      }
      const stopping = action === 'StopTask' ? tasks.get(String(wanted['task'])) : undefined;
      if (stopping) {
        stopping.stopReason = String(wanted['reason']);
        stopping.process.child.kill('SIGTERM');
      }
      const shown = action === 'DescribeTasks' && answer.status === 200 ? withEnds(given, tasks) : given;
      response.writeHead(answer.status, { 'Content-Type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(shown));
    })().catch((error: unknown) => {
      response.writeHead(500, { 'Content-Type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify({ __type: 'ServerException', message: String(error) }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get containers() {
      return [...tasks.values()];
    },
    asked,
    stop: async () => {
      for (const task of tasks.values()) task.kill();
      await Promise.all([...tasks.values()].map(({ ended }) => ended));
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function run(
  task: string,
  command: readonly string[],
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): RunningTask {
  const started = spawnTied(words, { env });
  let log = '';
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const { child } = started;
  const running: RunningTask = {
    ...{ task, command, process: started, log: () => log },
    ended: once(child, 'close').then(() => (running.exitCode = child.exitCode ?? 137)),
    kill: () => void child.kill('SIGKILL'),
  };
  return running;
}

function withEnds(answer: Fields, tasks: ReadonlyMap<string, RunningTask>): Fields {
  const described = answer['tasks'] as { taskArn: string }[];
  return { ...answer, tasks: described.map((task) => ({ ...task, ...stateOf(tasks.get(task.taskArn)) })) };
}

function stateOf(task: RunningTask | undefined): Fields {
  if (task === undefined) return {};
  const { exitCode, stopReason } = task;
  const lastStatus = exitCode === undefined ? 'RUNNING' : 'STOPPED';
  const end = exitCode === undefined ? {} : { exitCode };
  return {
    lastStatus,
    containers: [{ name: 'holdfast', lastStatus, ...end }],
    stopCode: stopReason === undefined ? 'EssentialContainerExited' : 'UserInitiated',
    stoppedReason: stopReason ?? 'Essential container in task exited',
  };
}

async function forward(address: string, request: IncomingMessage, body: string) {
  const headers: Record<string, string> = {};
  for (const name of ['authorization', 'content-type', 'x-amz-target', 'x-amz-date'])
    headers[name] = String(request.headers[name]);
  const answer = await fetch(address, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
