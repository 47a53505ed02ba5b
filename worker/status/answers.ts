import type { IncomingMessage } from 'node:http';
import type { Access } from './access.ts';
import { type Answer, json, page, text } from './answer.ts';
import { jobStatus, overview, unknownStatus } from './go-cron.ts';
import type { Health } from './health.ts';
import type { Links } from './page/links.ts';
import { jobPage, overviewPage, silentPage } from './page/pages.ts';
import type { StateReader } from './state.ts';

/** What the status page answers from. */
export interface Sources {
  readonly access: Access;
  readonly states: StateReader;
  /** Their names. */
  readonly jobs: readonly string[];
  readonly links: Links;
  readonly liveness: () => Health;
  readonly readiness: () => Promise<Health>;
  /** As Prometheus reads them. */
  readonly metrics: () => Promise<string>;
}

/** Never throws for what is asked; what breaks is answered with 500 by the server. */
export async function answer(request: IncomingMessage, sources: Sources): Promise<Answer> {
  const [path = '/'] = (request.url ?? '/').split('?');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return json(405, { error: 'Only GET and HEAD are answered.' }, { allow: 'GET, HEAD' });
  // Whoever checks the health of the process has no token, and learns nothing of the jobs.
  if (path === '/healthz') return health(sources.liveness());
  if (path === '/readyz') return health(await sources.readiness());
  if (!sources.access(request.headers.authorization)) return unauthorized;
  if (path === '/metrics') return text(await sources.metrics());
  const forPeople = wantsPage(request);
  if (path === '/') return allJobs(sources, forPeople);
  const [, name] = /^\/jobs\/([^/]+)$/.exec(path) ?? [];
  if (name !== undefined) return oneJob(decoded(name), sources, forPeople);
  return json(404, {
    error: `There is nothing at ${path}; there is /, /jobs/NAME, /metrics, /healthz and /readyz.`,
  });
}

/** Browsers name HTML; checks and scrapers do not. */
function wantsPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') ?? false;
}

async function allJobs({ states, links }: Sources, forPeople: boolean): Promise<Answer> {
  const state = await states.read();
  const status = overview(state);
  const code = status.Healthy ? 200 : 503;
  return forPeople ? page(code, overviewPage(state, links)) : json(code, status);
}

async function oneJob(name: string, { states, jobs, links }: Sources, forPeople: boolean): Promise<Answer> {
  if (!jobs.includes(name)) {
    const known = jobs.join(', ') || 'none';
    return json(404, { error: `There is no job "${name}". The jobs: ${known}.` });
  }
  const state = await states.read();
  const found = state.jobs.find(({ job }) => job.name === name);
  if (found === undefined)
    return forPeople ? page(503, silentPage(state, name)) : json(503, unknownStatus(name, state));
  const code = found.problems.length === 0 ? 200 : 503;
  return forPeople ? page(code, jobPage(found, state, links)) : json(code, jobStatus(found));
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
