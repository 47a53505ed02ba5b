import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildAll, startAll, type Services } from './all.ts';
import { awscli } from './awscli.ts';
import { findOrBuild } from './cache/find.ts';
import { findOrInstallChromium } from './chromium.ts';
import { composeSpec } from './compose.ts';
import { installMissing } from './debian.ts';
import { elasticsearchJava, elasticsearchTool, elasticsearchVersions } from './elasticsearch.ts';
import { findJava } from './java.ts';
import { moto } from './moto.ts';
import { opensearch } from './opensearch.ts';
import { etcd34 } from './etcd.ts';

const help = `npm run services [-- --build-only]

Starts the real servers that Holdfast works with, on loopback, without Docker: Temporal with its UI, Consul,
etcd, an S3 server with a bucket, OpenSearch where there is a JDK 21 or later, and the API of ECS (moto) where there
is Python 3.10 or later. What is not on this machine is built once (Go is needed for that, for OpenSearch Maven) and
kept in \${HOLDFAST_CACHE:-~/.cache/holdfast}. Data goes to .holdfast/services and is there again at the next start.
Ctrl-C stops them all.

  --build-only   get what the servers and the tests need (the browser too), start nothing
  --help         this text
`;

// Servers are stopped in order even when nobody reads any more.
process.stdout.on('error', () => undefined);

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { 'build-only': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (values['build-only']) {
    await prepareTests();
    return 0;
  }
  const services = await startAll(resolve('.holdfast', 'services'), { opensearch: true, ecs: true });
  process.stdout.write(describe(services));

  const told = Promise.withResolvers<undefined>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => told.resolve(undefined));
  }
  const ended = await Promise.race([told.promise, services.oneEnded]);
  if (ended) process.stderr.write(`\n${ended.name} ended by itself. The end of its log:\n${ended.log()}\n`);
  process.stdout.write('\nStopping …\n');
  await services.stop();
  return ended ? 1 : 0;
}

async function prepareTests(): Promise<void> {
  await buildAll();
  await findOrBuild(composeSpec);
  await findOrBuild(etcd34);
  await findOrBuild(opensearch);
  await findOrBuild(moto);
  await findOrBuild(awscli);
  for (const version of elasticsearchVersions) {
    await findOrBuild(elasticsearchTool(version));
    await findJava(elasticsearchJava(version));
  }
  await findOrInstallChromium();
  await installMissing(['age', 'jq', 'zstd'], 'the tests read a backup with them, without Holdfast.');
}

/** The addresses, the first to look at first, and what to put into the environment of a worker. */
export function describe(services: Services): string {
  const { temporal, consul, etcd, s3, bucket, opensearch, ecs, directory, environment } = services;
  const rows = [
    ['Temporal UI', temporal.uiAddress ?? ''],
    ['Temporal', `${temporal.address}   namespace ${temporal.namespace}`],
    ['Consul', `${consul.address}   UI at ${consul.address}/ui`],
    ['etcd', etcd.address],
    ['S3', `${s3.address}   bucket ${bucket}`],
    ...(opensearch && 'address' in opensearch
      ? [['OpenSearch', `${opensearch.address}   snapshots may go to S3`]]
      : []),
    ...(ecs && 'address' in ecs ? [['ECS', `${ecs.address}   moto: it answers, and runs no container`]] : []),
    ['Data', directory],
  ];
  const table = rows.map(([name = '', text = '']) => `  ${name.padEnd(12)} ${text}`);
  const exports = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
  return [
    '',
    ...table,
    '',
    'For a worker in another terminal:',
    '',
    ...exports,
    '',
    ...(opensearch && 'missing' in opensearch ? [`Without OpenSearch: ${opensearch.missing}`, ''] : []),
    ...(ecs && 'missing' in ecs ? [`Without ECS: ${ecs.missing}`, ''] : []),
    'Ctrl-C stops them all.',
    '',
  ].join('\n');
}
