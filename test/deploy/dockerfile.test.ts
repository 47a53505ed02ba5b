import { access, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import project from '../../package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFile(join(root, file), 'utf8');

test('the image is of the Node that the project needs, with glibc; every base can be pinned by its digest', async () => {
  const dockerfile = await read('deploy/Dockerfile');
  const bases = [...dockerfile.matchAll(/^ARG (\w+)_IMAGE=(\S+)\nARG \1_DIGEST=$/gm)];
  expect(bases.map(([, name, image]) => [name, image])).toEqual([
    ['NODE', 'node:24-bookworm-slim'],
    ['DEBIAN', 'debian:bookworm-slim'],
    ['ETCD', expect.stringContaining('etcd:v3.')],
    ['CONSUL', expect.stringContaining('consul:1.')],
  ]);
  const from = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(from.sort()).toEqual(
    bases.map(([, name = '']) => `\${${name}_IMAGE}\${${name}_DIGEST:+@$${name}_DIGEST}`).sort(),
  );
  expect(project.engines.node).toBe('>=24');
});

test('the worker starts as package.json says, and so does what compiles its code beforehand', async () => {
  const flags = (text: string) => text.match(/--(max|initial)-\S+/g);
  const expected = flags(project.scripts.worker);
  expect(expected).toHaveLength(3);
  expect(flags(await read('deploy/entrypoint.sh'))).toEqual(expected);
  const dockerfile = await read('deploy/Dockerfile');
  expect(flags(dockerfile)).toEqual(expected);
  for (const [setting] of project.scripts.worker.matchAll(/\bMALLOC_\S+/g))
    expect(dockerfile).toContain(setting);
});

test('what is copied into the image exists, and is let through to the Docker daemon', async () => {
  const copies = [...(await read('deploy/Dockerfile')).matchAll(/^COPY (?!--from)(.*) \S+$/gm)];
  const sources = copies.flatMap(([, words = '']) => words.split(' '));
  expect(sources).toContain('worker');
  for (const source of sources) await access(join(root, source));
  const passed = [...(await read('.dockerignore')).matchAll(/^!(.*)$/gm)].map(([, name]) => name);
  expect(passed.sort()).toEqual(sources.sort());
});

test('every folder that the product is made of is in the image', async () => {
  const notInIt = ['bench', 'coverage', 'demo', 'deploy', 'docs', 'node_modules', 'services', 'test'];
  const folders = (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !notInIt.includes(entry.name))
    .map(({ name }) => name);
  expect(folders).toContain('workflows');
  const dockerfile = await read('deploy/Dockerfile');
  for (const folder of folders) expect(dockerfile).toContain(`COPY ${folder} ${folder}\n`);
});

test.each([
  ['etcd', /quay\.io\/coreos\/etcd:\S+/g],
  ['Consul', /hashicorp\/consul:\S+/g],
])('the programs of %s in the image are those that docker-compose starts', async (_what, pattern) => {
  const images = (text: string) => text.match(pattern);
  const [image] = images(await read('docker-compose.yml')) ?? [];
  expect(image).toBeDefined();
  expect(images(await read('deploy/Dockerfile'))).toEqual([image]);
});
