import type { IncomingMessage } from 'node:http';
import type { Access } from './access.ts';
import { type Answer, json } from './answer.ts';
import { jobStatus, overview, unknownStatus } from './go-cron.ts';
import type { Health } from './health.ts';
import type { StateReader } from './state.ts';

/** What the status page answers from. */
export interface Sources {
  readonly access: Access;
  readonly states: StateReader;
  /** Their names. */
  readonly jobs: readonly string[];
  readonly liveness: () => Health;
  readonly readiness: () => Promise<Health>;
}

/** Never throws for what is asked; what breaks is answered with 500 by the server. */
export async function answer(request: IncomingMessage, sources: Sources): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '/', 'http://status');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return json(405, { error: 'Only GET and HEAD are answered.' }, { allow: 'GET, HEAD' });
  // Whoever checks the health of the process has no token, and learns nothing of the jobs.
  if (pathname === '/healthz') return health(sources.liveness());
  if (pathname === '/readyz') return health(await sources.readiness());
  if (!sources.access(request.headers.authorization)) return unauthorized;
  if (pathname === '/') return whole(sources);
  const [, name] = /^\/jobs\/([^/]+)$/.exec(pathname) ?? [];
  if (name !== undefined) return oneJob(decoded(name), sources);
  return json(404, {
    error: `There is nothing at ${pathname}; there is /, /jobs/NAME, /healthz and /readyz.`,
  });
}

async function whole({ states }: Sources): Promise<Answer> {
  const status = overview(await states.read());
  return json(status.Healthy ? 200 : 503, status);
}

async function oneJob(name: string, { states, jobs }: Sources): Promise<Answer> {
  if (!jobs.includes(name)) {
    const known = jobs.join(', ') || 'none';
    return json(404, { error: `There is no job "${name}". The jobs: ${known}.` });
  }
  const state = await states.read();
  const found = state.jobs.find(({ job }) => job.name === name);
  const status = found === undefined ? unknownStatus(name, state) : jobStatus(found);
  return json(status.Healthy ? 200 : 503, status);
}

function health(found: Health): Answer {
  return json(found.ok ? 200 : 503, found);
}

const unauthorized = json(
  401,
  { error: 'Name the token of worker.status, as a bearer token or as a password.' },
  { 'www-authenticate': ['Bearer realm="holdfast"', 'Basic realm="holdfast", charset="UTF-8"'] },
);

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
