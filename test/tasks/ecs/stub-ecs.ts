import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';

/** A stand-in for the API of ECS that can be made to show what moto cannot. */
export interface StubEcs {
  readonly address: string;
  /** Every request, in order. */
  readonly requests: readonly StubRequest[];
  readonly tasks: ReadonlyMap<string, StubTask>;
  requestsOf(action: string): readonly StubRequest[];
  stop(): Promise<void>;
}

export interface StubRequest {
  readonly action: string;
  readonly body: Fields;
  /** Of the signature: `AKID/20261122/eu-central-1/ecs/aws4_request`. */
  readonly scope: string;
}

export type Fields = Readonly<Record<string, unknown>>;

export interface StubTask {
  readonly taskArn: string;
  readonly startedBy: string;
  readonly clientToken: string;
  lastStatus: string;
  /** What DescribeTasks says besides. */
  facts: Fields;
}

export interface StubOptions {
  /** Containers of every task definition; default: one, `app`. */
  readonly containers?: readonly Fields[];
  /**
   * What DescribeTasks shows of a task, one after the other; the last one stays. Default: it runs, then it stops
   * with 0.
   */
  readonly course?: readonly Fields[];
  /** The same by the family of the task definition. */
  readonly courseOf?: (family: string) => readonly Fields[];
  /** Answers a request in place of the stub, where it gives something. `times`: how often this action came before. */
  readonly answer?: (action: string, body: Fields, times: number) => StubAnswer | undefined;
  /** Told when a task was started, before the answer goes out. */
  readonly onStart?: (task: StubTask, body: Fields) => void | Promise<void>;
}

export type StubAnswer =
  | { readonly body: Fields }
  | { readonly error: string; readonly message?: string; readonly status?: number; readonly more?: Fields }
  /** Done as ever, and the connection cut before the answer. */
  | 'lost';

export function stopped(exitCode: number | undefined, more: Fields = {}): Fields {
  const container = { name: 'app', lastStatus: 'STOPPED', ...(exitCode !== undefined && { exitCode }) };
  return { lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited', containers: [container], ...more };
}

export const running: Fields = {
  lastStatus: 'RUNNING',
  containers: [{ name: 'app', lastStatus: 'RUNNING' }],
};

const account = 'arn:aws:ecs:eu-central-1:123456789012';

export async function startStubEcs(options: StubOptions = {}): Promise<StubEcs> {
  const requests: StubRequest[] = [];
  const tasks = new Map<string, StubTask>();
  const looks = new Map<string, number>();
  const { course = [running, stopped(0)], courseOf = () => course } = options;
  const courses = new Map<string, readonly Fields[]>();

  const runTask = async (body: Fields): Promise<Fields> => {
    const token = String(body['clientToken']);
    const known = [...tasks.values()].filter(({ clientToken }) => clientToken === token);
    if (known.length > 0) return { tasks: known.map(({ taskArn }) => ({ taskArn })), failures: [] };
    const fresh = Array.from({ length: Number(body['count'] ?? 1) }, (): StubTask => ({
      taskArn: `${account}:task/${String(body['cluster'])}/${randomUUID().replaceAll('-', '')}`,
      startedBy: String(body['startedBy']),
      clientToken: token,
      lastStatus: 'PROVISIONING',
      facts: {},
    }));
    for (const task of fresh) {
      tasks.set(task.taskArn, task);
      courses.set(task.taskArn, courseOf(familyOf(String(body['taskDefinition']))));
      await options.onStart?.(task, body);
    }
    return { tasks: fresh.map(({ taskArn, lastStatus }) => ({ taskArn, lastStatus })), failures: [] };
  };

  const describe = (arn: string): Fields | undefined => {
    const task = tasks.get(arn);
    if (task === undefined) return undefined;
    const look = looks.get(arn) ?? 0;
    looks.set(arn, look + 1);
    if (task.lastStatus !== 'STOPPED') {
      task.facts = courses.get(arn)?.at(look) ?? courses.get(arn)?.at(-1) ?? {};
      task.lastStatus = String(task.facts['lastStatus']);
    }
    return { taskArn: arn, startedBy: task.startedBy, ...task.facts };
  };

  const actions: Readonly<Record<string, (body: Fields) => Fields | Promise<Fields>>> = {
    DescribeTaskDefinition: ({ taskDefinition }) => ({
      taskDefinition: {
        taskDefinitionArn: /:\d+$/.test(String(taskDefinition))
          ? `${account}:task-definition/${String(taskDefinition).split('/').at(-1)}`
          : `${account}:task-definition/${String(taskDefinition)}:7`,
        containerDefinitions: options.containers ?? [{ name: 'app', image: 'app:1', essential: true }],
      },
    }),
    RunTask: runTask,
    ListTasks: ({ startedBy, desiredStatus }) => ({
      taskArns: [...tasks.values()]
        .filter((task) => task.startedBy === startedBy)
        .filter(({ lastStatus }) => (lastStatus === 'STOPPED') === (desiredStatus === 'STOPPED'))
        .map(({ taskArn }) => taskArn),
    }),
    DescribeTasks: ({ tasks: wanted }) => {
      const arns = wanted as readonly string[];
      return {
        tasks: arns.map(describe).filter((task) => task !== undefined),
        failures: arns.filter((arn) => !tasks.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
      };
    },
    StopTask: ({ task: arn, reason }) => {
      const task = tasks.get(String(arn));
      if (task !== undefined && task.lastStatus !== 'STOPPED') {
        task.lastStatus = 'STOPPED';
        task.facts = stopped(143, { stopCode: 'UserInitiated', stoppedReason: reason });
      }
      return { task: { taskArn: arn, ...task?.facts } };
    },
  };

  const server = createServer((request, response) => {
    void (async () => {
      const action = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const body = JSON.parse(await textOf(request)) as Fields;
      const times = requests.filter((before) => before.action === action).length;
      const scope = /Credential=([^,]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      requests.push({ action, body, scope });
      const own = options.answer?.(action, body, times);
      const act = actions[action];
      if (own === 'lost') {
        await act?.(body);
        request.socket.destroy();
        return;
      }
      response.setHeader('Content-Type', 'application/x-amz-json-1.1');
      if (own !== undefined && 'error' in own) {
        response.writeHead(own.status ?? 400);
        response.end(JSON.stringify({ __type: own.error, message: own.message ?? own.error, ...own.more }));
        return;
      }
      response.end(JSON.stringify(own?.body ?? (await act?.(body)) ?? {}));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${portOf(server)}`,
    requests,
    tasks,
    requestsOf: (action) => requests.filter((request) => request.action === action),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Of an ARN with revision. */
function familyOf(definition: string): string {
  return definition.split('/').at(-1)?.split(':')[0] ?? '';
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The stub has no port.');
  return address.port;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
