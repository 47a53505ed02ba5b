import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdfast } from '../fake-io.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-render-'));
});
afterEach(() => rm(folder, { recursive: true }));

const env = { A: 'value', EMPTY: '' };

async function template(name: string, text: string, mode = 0o644): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const textOf = (path: string) => readFile(path, 'utf8');
const modeOf = async (path: string) => (await stat(path)).mode & 0o7777;

describe('59: holdfast render', () => {
  test('replaces in place, and keeps the mode', async () => {
    const path = await template('run.sh', 'x=${A} y=${EMPTY:-d} z=${GONE:-d}', 0o750);
    expect(await holdfast(['render', path], { env })).toMatchObject({ exit: 0, text: '', stderr: '' });
    expect(await textOf(path)).toBe('x=value y= z=d');
    expect(await modeOf(path)).toBe(0o750);
    expect(await readdir(folder)).toEqual(['run.sh']);
  });

  test('touches no file where a variable is unset in one of them, and names file and variable', async () => {
    const good = await template('a.conf', '${A}');
    const bad = await template('b.conf', '${A} ${GONE}');
    const { exit, stderr, became } = await holdfast(['render', '-b', good, bad, '--', 'cmd'], { env });
    expect(exit).toBe(1);
    expect(stderr).toContain(`${bad}: the variable GONE is not set and has no default.`);
    expect([await textOf(good), await textOf(bad)]).toEqual(['${A}', '${A} ${GONE}']);
    expect(await readdir(folder)).toEqual(['a.conf', 'b.conf']);
    expect(became).toEqual([]);
  });

  test('-s refuses defaults', async () => {
    const path = await template('a.conf', '${GONE:-d}');
    expect(await holdfast(['render', '-s', path], { env })).toMatchObject({ exit: 1 });
    expect(await textOf(path)).toBe('${GONE:-d}');
  });

  test('-b keeps what was there in FILE.bak, with its mode', async () => {
    const path = await template('a.conf', '${A}', 0o600);
    expect(await holdfast(['render', '-b', path], { env })).toMatchObject({ exit: 0 });
    expect([await textOf(path), await textOf(`${path}.bak`)]).toEqual(['value', '${A}']);
    expect(await modeOf(`${path}.bak`)).toBe(0o600);
  });

  test('-d prints, changes nothing, and never runs the command', async () => {
    const first = await template('a.conf', 'a ${A} 100%\n');
    const second = await template('b.conf', 'b ${A}\n');
    const ran = await holdfast(['render', '-d', '-b', first, second, '--', 'cmd'], { env });
    expect(ran).toMatchObject({ exit: 0, text: 'a value 100%\nb value\n', became: [] });
    expect(await textOf(first)).toBe('a ${A} 100%\n');
    expect(await readdir(folder)).toEqual(['a.conf', 'b.conf']);
  });

  test('-d fails too where a variable is unset', async () => {
    const path = await template('a.conf', '${GONE}');
    expect(await holdfast(['render', '-d', path], { env })).toMatchObject({ exit: 1, text: '' });
  });

  test('no match is exit code 1: folders alone, patterns of nothing, a name that is not there', async () => {
    await template('a.conf', '${A}');
    const [none, gone] = [join(folder, '*.not-here'), join(folder, 'gone.conf')];
    for (const names of [[folder], [none], [folder, none]]) {
      const { exit, stderr } = await holdfast(['render', ...names], { env });
      expect(exit).toBe(1);
      expect(stderr).toContain(`No file is meant by ${names.join(' ')}.`);
    }
    // envplate passes over a misspelt name as long as others match.
    const { exit, stderr } = await holdfast(['render', join(folder, 'a.conf'), gone], { env });
    expect(exit).toBe(1);
    expect(stderr).toContain(`There is no file ${gone}.`);
  });

  test('patterns: folders are passed over, hidden files are not, each file is filled in once', async () => {
    await mkdir(join(folder, 'sub.conf'));
    const files = ['.hidden.conf', 'a.conf', 'b1.conf', 'b2.conf'];
    // A second pass would expand it: the value brings a template in.
    for (const name of files) await template(name, '${T}');
    const patterns = ['*.conf', 'b?.conf', 'b[^2].conf', 'a\\.conf'].map((pattern) => join(folder, pattern));
    expect(
      await holdfast(['render', ...patterns, join(folder, 'a.conf')], { env: { T: '${A}' } }),
    ).toMatchObject({
      exit: 0,
    });
    for (const name of files) expect(await textOf(join(folder, name))).toBe('${A}');
    await mkdir(join(folder, 'deep'));
    await template('deep/c.conf', '${T}');
    expect(
      await holdfast(['render', join(folder, 'd*', '[a-c].conf')], { env: { T: 'deep' } }),
    ).toMatchObject({ exit: 0 });
    expect(await textOf(join(folder, 'deep/c.conf'))).toBe('deep');
  });

  test('a name that exists is meant as it is, though it looks like a pattern', async () => {
    const odd = await template('a[1]*.conf', '${A}');
    const other = await template('a1x.conf', '${A}');
    expect(await holdfast(['render', odd], { env })).toMatchObject({ exit: 0 });
    expect([await textOf(odd), await textOf(other)]).toEqual(['value', '${A}']);
  });

  test('-- becomes the command, whose exit code is ours; its own options are left alone', async () => {
    const path = await template('a.conf', '${A}');
    const command = ['nginx', '-d', '--strict', '--', '-g', 'daemon off;'];
    const ran = await holdfast(['render', path, '--', ...command], { env, becomes: 7 });
    expect(ran).toMatchObject({ exit: 7, stderr: '', became: [command] });
    expect(await textOf(path)).toBe('value');
  });

  test('options may stand behind the files', async () => {
    const path = await template('a.conf', '${A}');
    expect(await holdfast(['render', path, '-d', '--', 'cmd'], { env })).toMatchObject({
      text: 'value',
      became: [],
    });
  });
});

test('a link stays a link; the file that it points to is replaced', async () => {
  const path = await template('a.conf', '${A}');
  await symlink('a.conf', join(folder, 'link.conf'));
  expect(await holdfast(['render', join(folder, 'link.conf')], { env })).toMatchObject({ exit: 0 });
  expect(await textOf(path)).toBe('value');
  expect(await readlink(join(folder, 'link.conf'))).toBe('a.conf');
});

test('a file is replaced at once: who has opened it before goes on reading what it was', async () => {
  const path = await template('a.conf', '${A}');
  await link(path, join(folder, 'old'));
  expect(await holdfast(['render', path], { env })).toMatchObject({ exit: 0 });
  expect([await textOf(path), await textOf(join(folder, 'old'))]).toEqual(['value', '${A}']);
});
