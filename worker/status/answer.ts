import type { ServerResponse } from 'node:http';
import { contentSecurityPolicy } from './page/style.ts';

/** What is said to one request. */
export interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** As go-cron indents it. */
export function json(code: number, data: unknown, headers: Answer['headers'] = {}): Answer {
  return { code, type: 'application/json', body: `${JSON.stringify(data, null, 2)}\n`, headers };
}

/** Metrics, in Prometheus' own format. */
export function text(body: string): Answer {
  return { code: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
}

/** For people: it may do nothing but be shown. */
export function page(code: number, body: string): Answer {
  return {
    code,
    type: 'text/html; charset=utf-8',
    body,
    headers: { 'content-security-policy': contentSecurityPolicy, 'referrer-policy': 'no-referrer' },
  };
}

/** The body is left out for HEAD; the headers are the same. */
export function send(response: ServerResponse, { code, type, body, headers }: Answer): void {
  const bytes = Buffer.from(body);
  response.writeHead(code, {
    'content-type': type,
    'content-length': bytes.length,
    'cache-control': 'no-store',
    vary: 'accept',
    'x-content-type-options': 'nosniff',
    ...(headers as Record<string, string | string[]>),
  });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}
