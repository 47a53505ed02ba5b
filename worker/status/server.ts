import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import type { Config, StatusSettings } from '../../config/config.ts';
import type { TemporalTarget } from '../../config/temporal.ts';
import type { Log } from '../logging.ts';
import type { Exporter } from '../metrics/exporter.ts';
import { createGauges } from '../metrics/gauges.ts';
import { createAccess } from './access.ts';
import { json, send } from './answer.ts';
import { answer, type Sources } from './answers.ts';
import { askTemporal, type Health, type Life, liveness, readiness } from './health.ts';
import { kept } from './kept.ts';
import { createLinks } from './page/links.ts';
import { createStateReader } from './state.ts';

export interface StatusOptions {
  readonly config: Config;
  readonly target: TemporalTarget;
  readonly life: Life;
  readonly exporter: Exporter;
  readonly log: Log;
}

export interface StatusPage {
  close(): Promise<void>;
}

/** Milliseconds between attempts to get a port that another process has. */
const retryAfter = 5000;

/**
 * Serves the status page, from before Temporal is there until the worker has ended. A port that is taken does not keep
 * the worker from its work: it is told, and taken over when it becomes free.
 *
 * @throws ConfigInvalid where the file of the token cannot be used
 */
export async function startStatusPage(
  settings: StatusSettings,
  { config, target, life, exporter, log }: StatusOptions,
): Promise<StatusPage> {
  const access = await createAccess(settings);
  // A connection of its own: it is there before the worker's, and gives up when its time is up.
  const connection = Connection.lazy(target.connectionOptions);
  const client = new Client({ connection, namespace: target.namespace });
  const states = createStateReader(client, config, target.address);
  const temporalAnswers = kept(() => askTemporal(client));
  const ready = (): Promise<Health> => readiness(life, temporalAnswers);
  const gauges = createGauges(Runtime.instance().metricMeter);
  const server = createStatusServer(
    {
      access,
      states,
      jobs: [...config.jobs.keys(), ...config.tasks.keys()],
      links: createLinks(config.temporal.ui, target.namespace),
      liveness: () => liveness(life),
      readiness: ready,
      metrics: async () => {
        const [state, { ok }] = await Promise.all([states.read(), ready()]);
        gauges(state, ok);
        return exporter.scrape();
      },
    },
    log,
  );
  const closing = new AbortController();
  const listening = listenWhenFree(server, settings, log, closing.signal);
  return {
    async close() {
      closing.abort();
      await listening;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await connection.close();
    },
  };
}

function createStatusServer(sources: Sources, log: Log): Server {
  return createServer((request, response) => {
    void answer(request, sources)
      .catch((error: unknown) => {
        log.error({ err: error, url: request.url }, 'The status page could not answer');
        return json(500, { error: 'The status page could not answer; the log of the worker says why.' });
      })
      .then((found) => send(response, found));
  });
}

async function listenWhenFree(
  server: Server,
  { port, address }: StatusSettings,
  log: Log,
  closing: AbortSignal,
): Promise<void> {
  for (let told = false; !closing.aborted;) {
    try {
      await listen(server, port, address);
      log.info({ address, port }, 'Status page');
      return;
    } catch (error) {
      if (!told) {
        log.error(
          `The status page cannot listen on ${address}:${port} (${(error as NodeJS.ErrnoException).code ?? String(error)}); ` +
            'it is tried again. Give each worker of a machine its own worker.status.port, or 0.',
        );
      }
      told = true;
    }
    await sleep(retryAfter, undefined, { signal: closing, ref: false }).catch(() => undefined);
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
