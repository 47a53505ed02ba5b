import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { page as answerOf, send } from '../../../worker/status/answer.ts';
import { createLinks } from '../../../worker/status/page/links.ts';
import { jobPage, overviewPage, silentPage } from '../../../worker/status/page/pages.ts';
import { openBrowser } from '../../browser/browser.ts';
import { calm, troubled } from './sample.ts';

/** What a person sees, in a real browser. HOLDFAST_SCREENSHOTS names a folder to keep the pictures in. */
let server: Server;
let address: string;
let browser: Browser;
const links = createLinks('http://127.0.0.1:8233', 'default');

const [waiting, , , failed] = troubled.jobs;
if (waiting === undefined || failed === undefined) throw new Error('they are there');
const silent = {
  ...calm,
  jobs: [],
  alarms: [],
  unreachable: 'Temporal at t:7233 does not tell how the jobs are: no <answer>',
};
const pages: Readonly<Record<string, string>> = {
  '/': overviewPage(troubled, links),
  '/calm': overviewPage(calm, links),
  '/jobs/consul-prod': jobPage(waiting, troubled, links),
  '/jobs/search-prod': jobPage(failed, troubled, links),
  '/silent': silentPage(silent, 'all jobs'),
};

beforeAll(async () => {
  server = createServer((request, response) => send(response, answerOf(200, pages[request.url ?? ''] ?? '')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  address = `http://127.0.0.1:${bound.port}`;
  browser = await openBrowser();
});
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(path: string, width = 1280, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.setDefaultTimeout(20_000);
  await page.goto(`${address}${path}`);
  return page;
}

test.each([
  ['overview', '/', 1280, 'light'],
  ['overview-dark', '/', 1280, 'dark'],
  ['overview-narrow', '/', 390, 'light'],
  ['calm', '/calm', 1280, 'light'],
  ['job', '/jobs/consul-prod', 1280, 'light'],
  ['failed-narrow-dark', '/jobs/search-prod', 360, 'dark'],
  ['silent', '/silent', 1280, 'light'],
] as const)('%s fits its window, is styled, and loads nothing', async (name, path, width, scheme) => {
  const asked: string[] = [];
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${address}${path}`);
  expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([`${address}${path}`]);
  const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  expect(await page.evaluate(wider)).toBe(0);
  const icon = await page.locator('h1 .icon').boundingBox();
  expect(icon?.width).toBeCloseTo(24);
  const picture = await page.screenshot({ fullPage: true });
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
  const { HOLDFAST_SCREENSHOTS: folder } = process.env;
  if (folder) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${name}.png`), picture);
  }
  await page.close();
});

test('it says in words what is wrong, and shows it as text', async () => {
  const page = await open('/');
  await page.getByRole('heading', { level: 1, name: '2 of 6 jobs need attention' }).waitFor();
  expect(await page.title()).toBe('Holdfast: 2 of 6 jobs need attention');
  const notes = await page
    .getByRole('list', { name: 'What needs attention' })
    .getByRole('listitem')
    .allInnerTexts();
  expect(notes[0]).toContain('The last run of search-prod failed. http://s:9200 refuses: {"error"');
  expect(notes[0]).toContain('missing <privileges>');
  expect(notes[1]).toContain('paused (moving to the new rack)');
  await page.close();
});

test('each job has a row that is read with its titles', async () => {
  const page = await open('/');
  const table = page.getByRole('table', { name: 'Backups' });
  expect(await table.getByRole('columnheader').allInnerTexts()).toEqual([
    ...['Job', 'State', 'Last good backup', 'Next run', 'It holds', 'Sizes over time', 'Restore'],
  ]);
  const state = async (job: string): Promise<string> =>
    table
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: job }) })
      .getByRole('cell')
      .first()
      .innerText();
  expect(await state('search-prod')).toContain('failed');
  expect(await state('archive')).toContain('paused');
  expect(await state('consul-staging')).toContain('no run yet');
  expect(await state('etcd-prod')).toMatch(/good[^]*at work[^]*reading +63%/);
  await table
    .getByRole('img', { name: /^Sizes of the last 38 good backups: now 2.90 MB.*; 2 failed$/ })
    .waitFor();
  await page.getByRole('table', { name: 'Tasks' }).getByRole('rowheader', { name: 'rotate-logs' }).waitFor();
  await table.getByRole('link', { name: 'consul-prod' }).click();
  await page.getByRole('heading', { level: 1, name: 'consul-prod is well' }).waitFor();
  await page.close();
});

test('a restore that waits shows its plan and how to decide', async () => {
  const page = await open('/');
  const plan = page.getByRole('group', { name: 'A restore of consul-prod waits for approval' });
  const text = await plan.innerText();
  expect(text).toContain('+ 2 to add   ~ 1 to change   - 1 to remove');
  expect(text).toContain('+ "app/flags/<b>\\"new\\"</b>"');
  expect(text).toContain('holdfast approve consul-prod 5f0c2a9b7d11');
  expect(await plan.getByRole('link').getAttribute('href')).toBe(
    'http://127.0.0.1:8233/namespaces/default/workflows/restore-consul-prod',
  );
  await page.close();
});

test('where all is well, nothing else is said', async () => {
  const page = await open('/calm');
  await page.getByRole('heading', { level: 1, name: 'All 4 jobs are well' }).waitFor();
  expect(await page.getByRole('list', { name: 'What needs attention' }).count()).toBe(0);
  await page.close();
});
