import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTemporary, storeData, type TemporaryStorage } from '../storage/temporary.ts';
import { sampleManifest } from '../storage/sample.ts';
import { idOf, record, storeBackup } from './backups.ts';
import { holdfast } from './fake-io.ts';

let temporary: TemporaryStorage;
let config: string;
const ids = [1, 2, 3].map((hours) => idOf(hours * 60));
const leftover = idOf(3 * 24 * 60);

beforeEach(async () => {
  temporary = await openTemporary();
  config = join(temporary.path, 'holdfast.yaml');
  await writeFile(
    config,
    `storages: { local: { directory: { path: . } } }
jobs:
  consul:
    storage: local
    consul: { address: 'http://127.0.0.1:8500', token: '\${CONSUL_HTTP_TOKEN}' }
    keep: { last: 2 }
`,
  );
  for (const id of ids) await storeBackup(temporary.storage, 'consul', id, [record('a', id)]);
});

afterEach(() => temporary.cleanup());

async function backups(): Promise<string[]> {
  const { text } = await holdfast(['list', 'consul', '--json', '--config', config]);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
}

test('shows what would go and why the rest stays, and deletes nothing', async () => {
  const { exit, text, stderr } = await holdfast(['prune', 'consul', '--config', config]);
  expect(exit).toBe(0);
  const [first, second, third, sum] = text.split('\n');
  expect(first).toBe(`keep    ${ids[0]}  last 1 of 2, newest verified`);
  expect(second).toBe(`keep    ${ids[1]}  last 2 of 2`);
  expect(third).toMatch(new RegExp(`^remove  ${ids[2]}  [\\d.]+ kB$`));
  expect(sum).toMatch(/^2 backups to keep; 1 to remove, [\d.]+ kB\.$/);
  expect(stderr).toBe('Nothing was deleted; `--confirm` does it.\n');
  expect(await backups()).toEqual(ids);
});

test('deletes with --confirm what it showed', async () => {
  const { exit, text } = await holdfast(['prune', 'consul', '--confirm', '--config', config]);
  expect(exit).toBe(0);
  expect(text).toMatch(/\nRemoved 1 backup: [\d.]+ kB freed\.\n$/);
  expect(await backups()).toEqual(ids.slice(0, 2));
});

test('gives the plan and what was done to programs', async () => {
  const { text } = await holdfast(['prune', 'consul', '--json', '--config', config]);
  expect(JSON.parse(text)).toMatchObject({
    job: 'consul',
    keep: [{ id: ids[0], reasons: ['last 1 of 2', 'newest verified'] }, { id: ids[1] }],
    remove: [{ id: ids[2] }],
    leftovers: [],
    done: null,
  });
  const { text: done } = await holdfast(['prune', 'consul', '--json', '--confirm', '--config', config]);
  expect(JSON.parse(done)).toMatchObject({ done: { removed: [ids[2]] } });
});

test('spares what a young unfinished run has stored', async () => {
  await storeData(temporary.storage, sampleManifest(leftover, { job: 'consul' }));
  const { text } = await holdfast(['prune', 'consul', '--config', config]);
  expect(text).not.toContain(leftover);
});

test('refuses an unknown job, naming those there are', async () => {
  const { exit, stderr } = await holdfast(['prune', 'consol', '--config', config]);
  expect(exit).toBe(2);
  expect(stderr).toContain(`There is no job "consol" in ${config}. Did you mean "consul"? Its jobs: consul.`);
});
