import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import project from '../../package.json' with { type: 'json' };
import { run } from '../../services/cache/command.ts';
import { installMissing } from '../../services/debian.ts';
import { deploy } from './bucket-policy.ts';

let folder: string;
beforeAll(async () => {
  await installMissing(['systemd-analyze'], 'the tests check the unit for systemd with it.');
  folder = await mkdtemp(join(tmpdir(), 'holdfast-systemd-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What systemd-analyze has to say, to both streams. */
async function analyze(words: readonly string[], unit: string): Promise<string> {
  const file = join(folder, 'holdfast.service');
  // The program is not there on the machine of the tests, and systemd would say so.
  await writeFile(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
  const lines: string[] = [];
  await run(['systemd-analyze', ...words, file], { cwd: folder, onLine: (line) => lines.push(line) });
  return lines.join('\n');
}

test('systemd has nothing to say against the unit; a misspelt setting it names', async () => {
  const unit = await readFile(join(deploy, 'systemd/holdfast.service'), 'utf8');
  expect(await analyze(['verify'], unit)).toBe('');
  expect(await analyze(['verify'], unit.replace('ProtectClock', 'ProtectClok'))).toContain('ProtectClok');
});

test('systemd finds the service well confined', async () => {
  const unit = await readFile(join(deploy, 'systemd/holdfast.service'), 'utf8');
  expect(await analyze(['security', '--offline=true', '--threshold=20'], unit)).toMatch(/exposure level.*OK/);
});

test('it starts the worker as package.json does', async () => {
  const unit = await readFile(join(deploy, 'systemd/holdfast.service'), 'utf8');
  const flags = (text: string) => text.match(/--(max|initial)-\S+|\bMALLOC_\S+/g)?.sort();
  expect(flags(unit)).toEqual(flags(project.scripts.worker));
});
