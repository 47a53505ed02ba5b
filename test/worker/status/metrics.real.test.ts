import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { freePorts } from '../../../services/ports.ts';
import {
  alarmsGauge,
  jobGauges,
  problemGauge,
  readyGauge,
  temporalGauge,
} from '../../../worker/metrics/gauges.ts';
import { until } from '../../chaos/hold.ts';
import { backUp } from '../../chaos/runs.ts';
import { startWorld, type World } from '../../chaos/world.ts';
import { planReconciliation, reconcile } from '../../../client/schedules/reconcile.ts';
import { schedule } from '../../client/settings.ts';
import { fillConsul } from '../../stores/plain-consul.ts';

/** What Prometheus gets from a worker that has done some work. */
const root = resolve(import.meta.dirname, '../../..');
const token = 'the-token-of-prometheus';
let world: World;
let address: string;
let scraped: string;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  address = `http://127.0.0.1:${port}`;
  world = await startWorld(
    { good: { prefix: 'good/' }, bad: { prefix: 'bad/' } },
    { status: { port, token } },
  );
  await world.startWorker();
  await fillConsul(world.consul.address, [{ key: Buffer.from('good/key'), value: Buffer.from('value') }]);
  const good = world.config.jobs.get('good');
  if (good === undefined) throw new Error('it is there');
  const jobs = new Map([['good', { ...good, schedule: schedule('15 4 * * *') }]]);
  const config = { ...world.config, jobs };
  await reconcile(world.client, config, await planReconciliation(world.client, config), false);
  await backUp(world, 'good');
  await expect(backUp(world, 'bad')).rejects.toThrow();
  scraped = await until(async () => {
    const text = await scrape();
    return /^holdfast_job_problem\{[^}]*problem="failed"[^}]*\} 1$/m.test(text) ? text : undefined;
  });
});
afterAll(() => world.stop());

async function scrape(): Promise<string> {
  const response = await fetch(`${address}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return response.text();
}

/** The value of the series with these labels, in any order. */
function value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const found = scraped.split('\n').find((line) => {
    const [, series, rest = ''] = /^(\w+)(\{.*\})? /.exec(line) ?? [];
    return (
      series === name && Object.entries(labels).every(([key, text]) => rest.includes(`${key}="${text}"`))
    );
  });
  return found === undefined ? undefined : Number(found.split(' ').at(-1));
}

test('without the token there are none', async () => {
  expect((await fetch(`${address}/metrics`)).status).toBe(401);
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
});

test('45: when the last good run was, how long it took, and what it holds', () => {
  const labels = { job_name: 'good', kind: 'backup' };
  const at = value('holdfast_job_last_success_timestamp_seconds', labels) ?? 0;
  expect(Math.abs(at - Date.now() / 1000)).toBeLessThan(600);
  expect(value('holdfast_job_last_run_duration_seconds', labels)).toBeGreaterThan(0);
  expect(value('holdfast_job_healthy', labels)).toBe(1);
  expect(value('holdfast_backup_records', labels)).toBe(1);
  expect(value('holdfast_backup_bytes', labels)).toBe('good/keyvalue'.length);
  expect(value('holdfast_schedule_paused', labels)).toBe(0);
  expect(value('holdfast_temporal_up')).toBe(1);
  expect(value('holdfast_worker_ready')).toBe(1);
});

test('45: what failed is told, and counted', () => {
  const labels = { job_name: 'bad', kind: 'backup' };
  expect(value('holdfast_job_healthy', labels)).toBe(0);
  expect(value('holdfast_job_problem', { ...labels, problem: 'failed' })).toBe(1);
  expect(value('holdfast_job_problem', { ...labels, problem: 'stale' })).toBe(0);
  expect(value('holdfast_job_last_success_timestamp_seconds', labels)).toBeUndefined();
  expect(value('holdfast_runs_total', { ...labels, outcome: 'failed' })).toBe(1);
  expect(value('holdfast_runs_total', { job_name: 'good', outcome: 'completed' })).toBe(1);
  expect(value('holdfast_run_duration_seconds_count', { job_name: 'good', outcome: 'completed' })).toBe(1);
});

const own = [
  ...Object.keys(jobGauges),
  ...[problemGauge.name, alarmsGauge.name, temporalGauge.name, readyGauge.name],
];
const all = [...own, 'holdfast_runs_total', 'holdfast_run_duration_seconds'];

test('every metric is there, with its meaning, and described in docs/monitoring.md', async () => {
  const docs = await readFile(resolve(root, 'docs/monitoring.md'), 'utf8');
  for (const name of all) {
    expect(scraped).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    expect(docs).toContain(`\`${name}\``);
  }
});

test.each(['deploy/prometheus/rules.yml', 'deploy/grafana/dashboard.json'])(
  'every metric that %s names is there',
  async (file) => {
    const text = await readFile(resolve(root, file), 'utf8');
    const names = new Set(text.match(/\b(holdfast|temporal)_[a-z_]+/g));
    const series = new Set(scraped.match(/^\w+/gm));
    expect(names.size).toBeGreaterThan(4);
    expect([...names].filter((name) => !series.has(name))).toEqual([]);
  },
);
