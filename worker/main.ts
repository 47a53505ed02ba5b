import { parseArgs } from 'node:util';
import { Client } from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { configFile, loadConfig } from '../config/load.ts';
import { registerSearchAttributes } from '../config/search-attributes.ts';
import { temporalTarget, type TemporalTarget } from '../config/temporal.ts';
import { catalogue, HoldfastError } from '../workflows/contract/errors.ts';
import { workflowBundle } from './bundle.ts';
import { captureFor } from './capture-worker.ts';
import { connect } from './connection.ts';
import { createLog, type Log, logTemporal } from './logging.ts';
import { createExporter } from './metrics/exporter.ts';
import type { Life } from './status/health.ts';
import { startStatusPage } from './status/server.ts';
import { keepWatch } from './watch/keep-watch.ts';
import { createWorkers } from './workers.ts';

/**
 * `node worker/main.ts [--config FILE]`: serves its queues until SIGTERM or SIGINT. With `--capture-for WORKFLOW` it
 * captures the one backup that this run makes, and ends (docs/ecs.md).
 */
async function main(log: Log, stopping: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    options: { config: { type: 'string' }, 'capture-for': { type: 'string' } },
  });
  const config = await loadConfig(configFile(values.config, process.env), {
    env: process.env,
    unset: 'fail',
  });
  const target = temporalTarget(config.temporal);
  const workflowId = values['capture-for'];
  if (workflowId !== undefined) {
    logTemporal(log);
    await orLeave(captureFor({ workflowId, config, target, log, stopping }), stopping, log);
    return;
  }
  const { status } = config.worker;
  const exporter = status && (await createExporter());
  logTemporal(log, exporter?.config);
  const life: Life = { phase: 'waiting for Temporal', polling: () => new Map() };
  stopping.addEventListener('abort', () => (life.phase = 'stopping'), { once: true });
  const page = status && exporter && (await startStatusPage(status, { config, target, life, exporter, log }));
  try {
    await serve(config, target, life, log, stopping);
  } finally {
    await page?.close();
  }
}

async function serve(
  config: Config,
  target: TemporalTarget,
  life: Life,
  log: Log,
  stopping: AbortSignal,
): Promise<void> {
  const [bundle, connection] = await Promise.all([workflowBundle(), connect(target, log, stopping)]);
  try {
    const { namespace } = target;
    const added = await registerSearchAttributes(connection, namespace);
    if (added.length > 0) log.info({ added }, 'Registered search attributes');

    const { grace } = config.worker;
    const workers = await createWorkers({ config, connection, namespace, bundle, grace });
    stopping.addEventListener('abort', workers.stop, { once: true });
    if (config.alarms.size > 0) await keepWatch(new Client({ connection, namespace }), log, stopping);
    const served = workers.run();
    life.polling = workers.polling;
    if (stopping.aborted) workers.stop();
    else {
      life.phase = 'serving';
      log.info(readyFacts(config, target), 'Ready');
    }
    await orLeave(served, stopping, log);
  } finally {
    await connection.close();
  }
}

/** What hangs would keep a process that is to stop until somebody kills it. */
async function orLeave(work: Promise<void>, stopping: AbortSignal, log: Log): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!stopping.aborted || isAbort(error)) throw error;
    log.warn('Stopped before all work had ended: another worker takes it up when its heartbeats are missed');
    process.exit(1);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function readyFacts({ jobs, tasks, worker }: Config, { address, namespace }: TemporalTarget) {
  const commands = tasks.size > 0 ? { tasks: [...tasks.keys()], commands: worker.commands } : {};
  return { jobs: [...jobs.keys()], ...commands, temporal: address, namespace };
}

/** The first signal asks for an orderly stop; the second one ends the process where it stands. */
function stopOnSignals(log: Log): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        log.warn(`${signal} again: ending at once`);
        process.exit(1);
      }
      log.info(`${signal}: stopping; running activities are finished or handed over`);
      controller.abort();
    });
  }
  return controller.signal;
}

const log = createLog();
const stopping = stopOnSignals(log);
try {
  await main(log, stopping);
  log.info('Stopped');
} catch (error) {
  if (stopping.aborted && isAbort(error)) log.info('Stopped');
  else if (error instanceof HoldfastError) {
    log.fatal({ code: error.code, action: catalogue[error.code].action }, error.message);
    process.exitCode = catalogue[error.code].exit;
  } else {
    log.fatal({ err: error }, 'The worker failed');
    process.exitCode = 1;
  }
}
