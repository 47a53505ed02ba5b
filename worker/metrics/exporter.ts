import { createServer } from 'node:net';
import type { MetricsExporterConfig } from '@temporalio/worker';

/** Temporal's runtime serves metrics on a port of its own; this machine alone reaches it. */
export interface Exporter {
  readonly config: MetricsExporterConfig;
  /** All metrics of this process, as Prometheus reads them. */
  scrape(): Promise<string>;
}

/** Milliseconds that the runtime has to answer. */
const patience = 2000;

export async function createExporter(): Promise<Exporter> {
  const address = `127.0.0.1:${await freePort()}`;
  return {
    config: {
      attachServiceName: false,
      prometheus: {
        bindAddress: address,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
        histogramBucketOverrides: { holdfast_run_duration: runSeconds },
      },
    },
    async scrape() {
      const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(patience) });
      return response.text();
    },
  };
}

/** From a few keys to a large cluster. */
const runSeconds = [1, 5, 15, 60, 300, 900, 3600, 14_400];

/** The runtime does not tell which port it got where it is asked for any. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error('A TCP server has a port.');
  return bound.port;
}
