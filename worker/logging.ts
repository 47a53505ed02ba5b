import { DefaultLogger, type MetricsExporterConfig, Runtime } from '@temporalio/worker';
import { pino, type Logger as Pino } from 'pino';

export type Log = Pino;

/** JSON lines for machines; one readable line an entry where a person watches. */
export function createLog(stream: NodeJS.WriteStream = process.stdout): Log {
  const options = {
    base: null,
    // Long, and of no use outside the SDK.
    redact: { paths: ['taskToken'], remove: true },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  // Synchronous, so that the last words of a process that ends are not lost.
  if (!stream.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(options, { write: (line) => stream.write(readable(line)) });
}

/** What the SDK says goes into the same log; its metrics where `metrics` says. Once in a process, before anything of the SDK's worker is used. */
export function logTemporal(log: Log, metrics?: MetricsExporterConfig): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      if (expected.test(message)) return;
      const { error, ...attributes } = meta ?? {};
      const entry = { ...attributes, ...(error !== undefined && { err: error as unknown }) };
      log[levels[level]](entry, message);
    }),
    telemetryOptions: {
      logging: { filter: 'WARN,temporalio_sdk_core=WARN', forward: {} },
      ...(metrics && { metrics }),
    },
    // main.ts stops the workers; the SDK's own handler would end them without their grace time.
    shutdownSignals: [],
  });
}

/** Each of the two workers serves a part only. */
const expected = /^No (workflows|Nexus services) registered/;

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Of no use to a person who watches: the entry's frame, and what the SDK adds to every line. */
const hidden = new Set([
  ...['time', 'level', 'msg', 'err', 'sdkComponent', 'namespace', 'isLocal'],
  ...['taskQueue', 'runId', 'activityId', 'durationMs', 'workflowType'],
]);

/** `07:45:01 info  Pruned  job=demo removed=["20261122T041500Z"]`. */
export function readable(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const attributes = Object.entries(entry)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const head = [text(entry.time).slice(11, 19), text(entry.level).padEnd(5), text(entry.msg)].join(' ');
  const error = entry.err as { message?: string; stack?: string } | undefined;
  const tail = error === undefined ? '' : `\n  ${error.stack ?? error.message ?? ''}`;
  return `${[head, ...attributes].join('  ')}${tail}\n`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
