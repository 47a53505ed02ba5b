import type { Channel } from '../alarms/settings.ts';
import type { Config, JobConfig, TaskConfig } from './config.ts';

const redacted = '[redacted]';

/** Shorter ones would tear words apart that have nothing to do with them. */
const shortest = 4;

/**
 * Takes secrets out of every text in plain data. Nothing that is shown should hold one; but what servers and commands
 * say of a failure is shown as they say it.
 */
export function createRedaction(config: Config): <T>(data: T) => T {
  const secrets = secretsOf(config).filter(({ length }) => length >= shortest);
  const redactText = (text: string): string =>
    secrets.reduce((left, secret) => left.replaceAll(secret, redacted), hidePatterns(text));
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return redactText(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
  };
  return <T>(data: T) => visit(data) as T;
}

/** A value as JSON has it; the same inside of another JSON text; as shells have it; or up to the next separator. */
const value = String.raw`"(?:[^"\\]|\\.)*"|\\"(?:(?!\\").)*\\"|'[^']*'|[^\s"',;&}\\]+`;
const named = new RegExp(
  String.raw`((?:secret|password|passwd|token|api_?key|access_key)[\w.-]*(?:\\?"|')?\s*[:=]\s*)(?:${value})`,
  'gi',
);
const inAddress = /(\w:\/\/[^\s/:@]*:)[^\s/@]+@/g;

/** What looks like a secret: `"secret_key": "…"` (as clusters show their repositories), `password=…`, `https://user:…@`. */
function hidePatterns(text: string): string {
  return text.replace(named, `$1${redacted}`).replace(inAddress, `$1${redacted}@`);
}

function secretsOf({ jobs, tasks, storages, worker, alarms }: Config): string[] {
  return [
    ...[...alarms.values()].flatMap(ofChannel),
    ...[...jobs.values()].flatMap(ofStore),
    ...[...tasks.values()].flatMap(ofTask),
    ...[...storages.values()].flatMap(ofStorage),
    worker.status?.token,
  ].filter((secret) => secret !== undefined);
}

function ofStore({ store }: JobConfig): (string | undefined)[] {
  switch (store.kind) {
    case 'consul':
      return [store.consul.token];
    case 'etcd':
      return [store.etcd.password];
    case 'elasticsearch':
      return Object.values(store.elasticsearch.auth ?? {}).slice(-1);
  }
}

/** A command may say any of its variables; those whose names speak of secrets are not shown. */
function ofTask({ work }: TaskConfig): (string | undefined)[] {
  if (work.kind === 'ecs') {
    const { credentials } = work.ecs.connection;
    return [credentials?.secretAccessKey, credentials?.sessionToken];
  }
  return ofVariables(work.command.env);
}

function ofVariables(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env)
    .filter(([name]) => /secret|token|passw|key|credential/i.test(name))
    .map(([, value]) => value);
}

/** What stands behind the host of an address is mostly all that protects it. */
function ofChannel({ way }: Channel): (string | undefined)[] {
  switch (way.kind) {
    case 'webhook':
      return [...ofAddress(way.webhook.url), ...Object.values(way.webhook.headers).flatMap(ofHeader)];
    case 'slack':
      return ofAddress(way.slack.url);
    case 'email':
      return [way.email.auth?.password, decodeURIComponent(new URL(way.email.smtp).password)];
    case 'command':
      return ofVariables(way.command.env);
    case 'ping':
      return [...ofAddress(way.ping.url), ...ofAddress(way.ping.failureUrl)];
  }
}

function ofAddress(address: string | undefined): string[] {
  const url = address === undefined ? null : URL.parse(address);
  return url === null ? [] : [address ?? '', `${url.pathname}${url.search}`, url.password];
}

/** `Bearer <token>`: the token may be shown without the word before it. */
function ofHeader(value: string): string[] {
  return [value, value.replace(/^\w+ +/, '')];
}

function ofStorage(storage: JobConfig['storage']): (string | undefined)[] {
  const credentials = storage.kind === 's3' ? storage.s3.credentials : undefined;
  return [credentials?.secretAccessKey, credentials?.sessionToken];
}
