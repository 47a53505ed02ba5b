import type { Page } from 'playwright-core';
import { askConsul, fillConsul, listConsul } from '../stores/plain-consul.ts';
import { factsOf, openDetails, openRun, overflow, send } from './browser.ts';
import { type Scene, startScene } from './scene.ts';

/** What the Temporal UI shows of Holdfast to an operator, and what can be done from there. */
let scene: Scene;
let page: Page;
let backup: string;
let digest: string;
let before: readonly object[];

beforeAll(async () => {
  scene = await startScene({ cron: '15 4 * * *', timezone: 'Asia/Tokyo', jitter: '0s' });
  ({ page } = scene);

  const names = Array.from({ length: 30 }, (_, n) => `app/${String(n).padStart(2, '0')}`);
  const keys = [...names, 'odd/__proto__', 'odd/<b>|*x*'].map((name) => Buffer.from(name));
  await fillConsul(
    scene.consul.address,
    keys.map((key) => ({ key, value: Buffer.from(`value of ${key.toString()}`) })),
  );
  before = await keysAndValues();
  await scene.holdfast('start-schedule', '--yes');
  const made = JSON.parse(await scene.holdfast('backup', 'consul', '--json')) as { id: string };
  backup = made.id;
  for (const path of ['app/?recurse', 'odd/__proto__'])
    await askConsul(scene.consul.address, 'DELETE', kv(path));
  await askConsul(scene.consul.address, 'PUT', kv('odd/%3Cb%3E%7C*x*'), 'changed');
  await askConsul(scene.consul.address, 'PUT', kv('zz/leftover'), 'new');
  await scene.holdfast('restore', 'consul', '--mode', 'mirror', '--no-wait');
});
afterAll(() => scene.stop());

function kv(path: string): string {
  return `/v1/kv/${path}`;
}

async function keysAndValues(): Promise<readonly object[]> {
  return (await listConsul(scene.consul.address)).map(({ key, value, flags }) => ({ key, value, flags }));
}

/** `20261122T041500Z` as it stands in the id of a workflow. */
function timeOf(id: string): string {
  return id.replace(/(....)(..)(..T..)(..)(..)/, '$1-$2-$3:$4:$5');
}

test('the schedule is listed; its page says when the next backups are', async () => {
  await page.goto(`${scene.ui}/schedules`);
  await page.getByRole('link', { name: 'holdfast-backup-consul' }).click();
  await page.getByRole('heading', { name: 'holdfast-backup-consul' }).waitFor();
  await page.getByRole('heading', { name: 'Upcoming Runs' }).waitFor();
  // 4:15 in Tokyo, shown in UTC; and the cron text, beside the calendars that Temporal made of it.
  await page
    .getByText(/ 19:15:00/)
    .first()
    .waitFor();
  await page.getByText('Timezone Asia/Tokyo').waitFor();
  await page.getByText('"15 4 * * *"').waitFor();
});

test('the finished backup says what was stored, where, and that it was read back', async () => {
  const workflowId = `backup-consul-${timeOf(backup)}`;
  await page.goto(`${scene.ui}/workflows`);
  const row = page.getByRole('row').filter({ hasText: workflowId });
  await row.getByText('Completed').waitFor();
  await row.getByRole('link', { name: workflowId }).click();

  // In the list of events, and in the picture above it.
  for (const summary of [
    'read the configuration of consul',
    `read consul, store it as ${backup}`,
    'read it back from the storage and compare',
    'write the manifest: from now on the backup exists',
  ]) {
    await page.getByText(summary, { exact: true }).first().waitFor();
  }

  const details = await openDetails(page);
  await details.getByText('Done: stored, read back and published').waitFor();
  expect(await factsOf(details)).toMatchObject({
    backup: `${backup} of consul`,
    reason: 'manual',
    keys: '32',
    verified: expect.stringMatching(/ read back at .*: every digest and count as captured$/) as unknown,
    published: `s3://backups/consul/${backup}/manifest.json`,
    pruned: 'nothing',
  });
  expect(await overflow(details)).toBe(0);
  await page.locator('iframe').first().contentFrame().getByText('manual backup of consul (consul)').waitFor();
});

test('the waiting restore shows its plan, key by key, and how to decide', async () => {
  await openRun(page, scene.ui, 'restore-consul');
  const details = await openDetails(page);
  await details.getByText('Waiting for approval').waitFor();
  const facts = await factsOf(details);
  expect(facts).toMatchObject({ add: '… and 21 more', change: 'odd/<b>\\|*x*', remove: 'zz/leftover' });
  expect(await details.getByRole('row').allInnerTexts()).toEqual(
    expect.arrayContaining(['add\t31', 'change\t1', 'remove\t1', 'add\tapp/00', 'add\tapp/09']),
  );
  digest = facts['plan'] ?? '';
  expect(digest).toMatch(/^[0-9a-f]{12}$/);
  expect(facts['from']).toBe(`backup ${backup} of consul, all keys`);
  await details.getByText(`holdfast approve consul ${digest}`).waitFor();
  await details.getByText(`{"digest":"${digest}","by":"YOUR NAME"}`, { exact: true }).waitFor();
  expect(await overflow(details)).toBe(0);
  await page.getByText(`wait for the approval of plan ${digest}`).first().waitFor();
});

test('an approval of another plan is refused, with the reason', async () => {
  await send(page, 'Send an Update', 'approve', { digest: 'f'.repeat(12) });
  await page.getByText(`The plan that waits for consul is ${digest}, not ffffffffffff.`).first().waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
});

test('the plan is approved from the UI, carried out, and reported', async () => {
  await send(page, 'Send an Update', 'approve', { digest, by: 'a person at the UI' });
  await page.getByText('Continued as New', { exact: true }).first().waitFor({ timeout: 60_000 });
  expect(await keysAndValues()).toEqual(before);

  await page.reload();
  const details = await openDetails(page);
  await details.getByText('Restored', { exact: true }).waitFor();
  expect(await factsOf(details)).toMatchObject({
    'decided\u00a0by': 'a person at the UI',
    written: '31 added, 1 changed, 1 removed',
    compared: expect.stringMatching(/^32 keys at index \d+: all as planned$/) as unknown,
    'what\u00a0was\u00a0before': expect.stringMatching(/^backup \d{8}T\d{6}Z$/) as unknown,
  });
  for (const summary of ['safety backup of consul (consul)', 'write 32 keys, remove 1 key']) {
    await page.getByText(summary, { exact: true }).first().waitFor();
  }
});

test('the next restore is requested and approved by signals from the UI', async () => {
  await askConsul(scene.consul.address, 'DELETE', kv('app/07'));
  await openRun(page, scene.ui, 'restore-consul');
  const standing = await openDetails(page);
  await standing.getByText('Standing by').waitFor();
  await send(page, 'Send a Signal', 'requestRestore', { backup, mode: 'missing-only' });
  await page
    .getByText(/wait for the approval of plan/)
    .first()
    .waitFor();

  await page.reload();
  const details = await openDetails(page);
  await details.getByText('Waiting for approval').waitFor();
  expect(await details.getByRole('row').allInnerTexts()).toContain('add\tapp/07');
  await send(page, 'Send a Signal', 'approve', { digest: (await factsOf(details))['plan'] });
  await page.getByText('Continued as New', { exact: true }).first().waitFor({ timeout: 60_000 });
  expect(await keysAndValues()).toEqual(before);
});
