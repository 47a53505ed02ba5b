import { type Browser, chromium, type FrameLocator, type Page } from 'playwright-core';
import { findOrInstallChromium } from '../../services/chromium.ts';

/** A fresh profile each time; nothing of it goes to any other address than the UI's. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findOrInstallChromium(),
    headless: true,
    // Chromium refuses its sandbox to root, and containers mostly have no other user.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** The page of the latest run with that id. */
export async function openRun(page: Page, ui: string, workflowId: string): Promise<void> {
  await page.goto(`${ui}/workflows/${encodeURIComponent(workflowId)}`);
  await page.getByRole('heading', { name: workflowId }).waitFor();
}

/** The current details of the run on the page, as Markdown is shown: the last of the frames there. */
export async function openDetails(page: Page): Promise<FrameLocator> {
  await page.getByText('User Metadata', { exact: true }).click();
  await page.getByRole('heading', { name: 'Current Details' }).waitFor();
  return page.locator('iframe').last().contentFrame();
}

/** Rows of two columns by their first. */
export async function factsOf(details: FrameLocator): Promise<Readonly<Record<string, string>>> {
  const rows = await details.getByRole('row').allInnerTexts();
  return Object.fromEntries(
    rows.map((row) => row.trim().split('\t')).map(([name = '', fact = '']) => [name, fact]),
  );
}

/** How far the content is wider than its frame, in pixels: what one would have to scroll for. */
export async function overflow(details: FrameLocator): Promise<unknown> {
  // As text, since these tests know no types of a browser.
  const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  return details.locator('html').evaluate(wider);
}

/** Sends a message from the dialog of the UI, as a person does. */
export async function send(
  page: Page,
  kind: 'Send a Signal' | 'Send an Update',
  name: string,
  input: object,
): Promise<void> {
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: kind }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Select a/ }).click();
  await dialog.getByRole('option', { name: new RegExp(`^${name}`) }).click();
  // Formatted as the editor formats it when it is left; otherwise the button moves away under the click.
  await dialog
    .getByRole('textbox')
    .last()
    .fill(JSON.stringify(input, null, 2));
  await dialog.getByRole('button', { name: 'Submit' }).click();
}
