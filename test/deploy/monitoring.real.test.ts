import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findOrBuild } from '../../services/cache/find.ts';
import { promtool } from '../../services/promtool.ts';

/** Prometheus' own tool reads the alerts, tries when they fire, and reads the queries of the dashboard. */
const root = resolve(import.meta.dirname, '../..');
let folder: string;
let check: (...words: string[]) => Promise<string>;

beforeAll(async () => {
  const program = await findOrBuild(promtool);
  folder = await mkdtemp(join(tmpdir(), 'holdfast-promtool-'));
  await copyFile(join(root, 'deploy/prometheus/rules.yml'), join(folder, 'rules.yml'));
  check = async (...words) => (await promisify(execFile)(program, words, { cwd: folder })).stdout;
});
afterAll(() => rm(folder, { recursive: true }));

test('the alerts are accepted, and a misspelt one is not', async () => {
  expect(await check('check', 'rules', 'rules.yml')).toContain('SUCCESS: 17 rules found');
  const text = await readFile(join(folder, 'rules.yml'), 'utf8');
  await writeFile(join(folder, 'misspelt.yml'), text.replaceAll('max by', 'maks by'));
  await expect(check('check', 'rules', 'misspelt.yml')).rejects.toThrow();
});

test('each alert fires when it should, and only then', async () => {
  const tests = await readFile(join(import.meta.dirname, 'prometheus-rules.yml'), 'utf8');
  await writeFile(join(folder, 'tests.yml'), tests);
  expect(await check('test', 'rules', 'tests.yml')).toContain('SUCCESS');
  const rules = await readFile(join(folder, 'rules.yml'), 'utf8');
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  expect(alerts.filter((name) => !tests.includes(`alertname: ${name}\n`))).toEqual([]);
});

test('the queries of the dashboard are accepted', async () => {
  const { panels } = JSON.parse(await readFile(join(root, 'deploy/grafana/dashboard.json'), 'utf8')) as {
    panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  };
  // What Grafana fills in.
  const queries = panels
    .flatMap(({ targets }) => targets)
    .map(({ expr }) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$job_name', '.*'));
  expect(queries.length).toBeGreaterThan(10);
  const rules = queries.map((expr, index) => ({ record: `panel:${index}`, expr }));
  await writeFile(join(folder, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
  expect(await check('check', 'rules', 'panels.yml')).toContain(`SUCCESS: ${rules.length} rules found`);
});
