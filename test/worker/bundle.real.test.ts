import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workflowBundle } from '../../worker/bundle.ts';

let cache: string;
const before = process.env.HOLDFAST_CACHE;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'holdfast-cache-'));
  process.env.HOLDFAST_CACHE = cache;
});
afterAll(async () => {
  if (before === undefined) delete process.env.HOLDFAST_CACHE;
  else process.env.HOLDFAST_CACHE = before;
  await rm(cache, { recursive: true });
});

test('the bundle is made once, also by two workers that start together, and is lean', async () => {
  const [one, other] = await Promise.all([workflowBundle(), workflowBundle()]);
  expect(one).toBe(other);
  expect(await workflowBundle()).toBe(one);
  expect(await readdir(join(cache, 'bundles'))).toHaveLength(1);

  // Every workflow would get a copy of what is bundled: schemas do not belong there (sdk-typescript#2227).
  const code = await readFile(one, 'utf8');
  expect(code).toContain('workflows/backup.ts');
  expect(code).not.toMatch(/node_modules\/(zod|pino|@aws-sdk)/);
});
