import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryError } from '../../storage/directory/errors.ts';
import { openDirectory } from '../../storage/directory/directory.ts';
import { namesOf, noise, read, store } from './bytes.ts';
import { storageConformance } from './conformance.ts';
import { openTemporary } from './temporary.ts';
import type { TemporaryStorage } from './temporary.ts';

storageConformance('a directory', openTemporary);

describe('in a directory', () => {
  let opened: TemporaryStorage;
  beforeEach(async () => {
    opened = await openTemporary();
  });
  afterEach(() => opened.cleanup());
  const modeOf = async (name: string) => (await stat(join(opened.path, name))).mode & 0o777;

  test('objects and folders are for this user alone, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      await store(opened.storage, 'job/id/data', noise(100));
      await opened.storage.putOnce('job/id/manifest.json', Buffer.from('{}'));
    } finally {
      process.umask(before);
    }
    for (const folder of ['job', 'job/id']) expect(await modeOf(folder)).toBe(0o700);
    for (const file of ['job/id/data', 'job/id/manifest.json']) expect(await modeOf(file)).toBe(0o600);
    expect(await readdir(opened.path)).toEqual(['job']);
  });

  test('an emptied storage leaves an empty directory', async () => {
    await store(opened.storage, 'job/id/data', noise(100));
    await opened.storage.remove(['job/id/data']);
    expect(await readdir(opened.path)).toEqual([]);
  });

  test('a directory that is not there is an error of every call, and is not made', async () => {
    const missing = join(opened.path, 'not-mounted');
    const storage = openDirectory({ path: missing });
    const error = { code: 'StorageMisconfigured', message: expect.stringContaining(missing) as string };
    await expect(store(storage, 'data', noise(1))).rejects.toMatchObject(error);
    await expect(storage.putOnce('data', Buffer.alloc(1))).rejects.toMatchObject(error);
    await expect(read(storage.get('data'))).rejects.toMatchObject(error);
    await expect(storage.head('data')).rejects.toMatchObject(error);
    await expect(namesOf(storage, '')).rejects.toMatchObject(error);
    await expect(Array.fromAsync(storage.folders(''))).rejects.toMatchObject(error);
    await expect(storage.remove(['data'])).rejects.toMatchObject(error);
    await expect(storage.abortUploads('')).rejects.toMatchObject(error);
    await expect(access(missing)).rejects.toThrow('ENOENT');
  });

  test('a file is no directory', async () => {
    await writeFile(join(opened.path, 'file'), '');
    const storage = openDirectory({ path: join(opened.path, 'file') });
    await expect(storage.head('data')).rejects.toMatchObject({
      code: 'StorageMisconfigured',
      message: expect.stringContaining('not a directory') as string,
    });
  });

  test('a file where a folder is needed is an error that names the object', async () => {
    await store(opened.storage, 'job', noise(1));
    await expect(store(opened.storage, 'job/id/data', noise(1))).rejects.toMatchObject({
      code: 'StorageMisconfigured',
      message: expect.stringContaining('job/id/data') as string,
    });
    expect(await namesOf(opened.storage, '')).toEqual(['job']);
    expect(await opened.storage.abortUploads('')).toBe(0);
  });

  test('symbolic links and names that no object can have are none of its objects', async () => {
    await mkdir(join(opened.path, 'lost+found'));
    await writeFile(join(opened.path, 'lost+found', 'x'), '');
    await mkdir(join(opened.path, 'job'));
    await symlink('/etc/hostname', join(opened.path, 'job', 'link'));
    expect(await namesOf(opened.storage, '')).toEqual([]);
    expect(await Array.fromAsync(opened.storage.folders(''))).toEqual([]);
    expect(await opened.storage.head('job/link')).toBeUndefined();
    await expect(read(opened.storage.get('job/link'))).rejects.toMatchObject({ code: 'ObjectMissing' });
  });

  test('uploads have no names, and prefixes do not lead out', async () => {
    await expect(store(opened.storage, '.uploads/x', noise(1))).rejects.toThrow('name');
    for (const prefix of ['../', 'a/../../', '/etc/'])
      expect(() => opened.storage.list(prefix)).toThrow('name');
  });

  test('an upload of a killed process is found, aged and removed; the object stays invisible', async () => {
    await hangingUpload(opened.path, 'job/id/data');
    expect(await namesOf(opened.storage, '')).toEqual([]);
    expect(await opened.storage.abortUploads('other/')).toBe(0);
    expect(await opened.storage.abortUploads('job/', undefined, new Date(Date.now() - 3_600_000))).toBe(0);
    expect(await opened.storage.abortUploads('job/id/', undefined, new Date(Date.now() + 3_600_000))).toBe(1);
    expect(await readdir(opened.path)).toEqual([]);
    await store(opened.storage, 'job/id/data', noise(100));
    expect(await namesOf(opened.storage, '')).toEqual(['job/id/data']);
  });

  test('folders that vanish while something is put into them are made again', async () => {
    const writing = Array.from({ length: 40 }, async (_, index) => {
      await store(opened.storage, `job/id/${index}`, noise(10));
      await opened.storage.remove([`job/id/${index}`]);
    });
    await Promise.all(writing);
    expect(await readdir(opened.path)).toEqual([]);
  });

  test('its root vanishing during an upload is an error, not an object elsewhere', async () => {
    async function* unmounted(): AsyncGenerator<Buffer, void> {
      yield Buffer.from('half');
      await rm(opened.path, { recursive: true });
      yield Buffer.from('whole');
    }
    const put = opened.storage.put('job/data', unmounted(), { signal: new AbortController().signal });
    await expect(put).rejects.toMatchObject({ code: 'StorageMisconfigured' });
    await expect(opened.storage.head('job/data')).rejects.toMatchObject({ code: 'StorageMisconfigured' });
  });
});

describe('errors of the file system', () => {
  const root = tmpdir();
  const address = `file://${root}/job/data`;
  const explain = (code: string, action: 'read' | 'write' | 'delete' = 'write') =>
    directoryError(Object.assign(new Error(`${code}: as the system says`), { code }), {
      root,
      address,
      action,
    });

  test.each([
    ['EACCES', 'StorageDenied'],
    ['EPERM', 'StorageDenied'],
    ['EROFS', 'StorageDenied'],
    ['EXDEV', 'StorageMisconfigured'],
    ['ENAMETOOLONG', 'StorageMisconfigured'],
    ['EIO', 'StorageUnavailable'],
    ['ESTALE', 'StorageUnavailable'],
    ['EMFILE', 'StorageUnavailable'],
  ])('%s is %s, and names the object', async (system, code) => {
    const error = await explain(system);
    expect(error).toMatchObject({ code, message: expect.stringContaining(address) as string });
    expect(error).toMatchObject({ message: `Cannot write ${address}: ${system}: as the system says.` });
  });

  test('no space tells how much there is', async () => {
    for (const system of ['ENOSPC', 'EDQUOT'])
      expect(await explain(system)).toMatchObject({
        code: 'StorageMisconfigured',
        message: expect.stringMatching(/Free there: \d+ MiB of \d+ MiB\.$/) as string,
      });
  });

  test('a sector that cannot be read is damage, for it stays so', async () => {
    expect(await explain('EIO', 'read')).toMatchObject({ code: 'ArchiveCorrupt' });
  });

  test('what is not of the file system comes through as it is', async () => {
    const error = new Error('of the store');
    expect(await directoryError(error, { root, address, action: 'write' })).toBe(error);
  });
});

/** Begins an upload in another process, and kills that. */
async function hangingUpload(path: string, name: string): Promise<void> {
  const module = fileURLToPath(new URL('../../storage/directory/directory.ts', import.meta.url));
  const script = `
    const { openDirectory } = await import(${JSON.stringify(module)});
    async function* hanging() {
      yield Buffer.alloc(100000);
      process.stdout.write('written');
      await new Promise(() => setInterval(() => {}, 1000));
    }
    await openDirectory({ path: ${JSON.stringify(path)} }).put(${JSON.stringify(name)}, hanging(), {
      signal: new AbortController().signal,
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}
