import { backinatorFile, oldFile, plain, readOld } from './files.ts';

const recurse = `[
  {"LockIndex":0,"Key":"a/b","Flags":18446744073709551615,"Value":"AAH/","CreateIndex":10,"ModifyIndex":9007199254740993},
  {"LockIndex":2,"Key":"__proto__","Flags":9007199254740993,"Value":null,"CreateIndex":11,"ModifyIndex":12,"Session":"c0ffee"},
  {"LockIndex":0,"Key":"\\u003ccaf\\u00e9/\\ud83d\\ude00\\ufffd","Flags":0,"Value":"","CreateIndex":1,"ModifyIndex":2}
]`;
// In Python's escapes, the last key's U+FFFD is one; in Go's it would be a byte that was lost.
const recurseOfConsul = recurse.replace('\\ufffd', '\ufffd');

describe('32: raw ?recurse, as curl keeps it', () => {
  test('every key, value and flag exactly, in order of key', async () => {
    const { format, records, leftOut } = await readOld(recurseOfConsul);
    expect({ format, leftOut }).toEqual({ format: 'consul-recurse', leftOut: [] });
    expect(records).toEqual([
      {
        key: Buffer.from('<café/😀\ufffd'),
        value: Buffer.alloc(0),
        attributes: { flags: '0' },
        meta: { createIndex: '1', lockIndex: '0', modifyIndex: '2' },
      },
      {
        key: Buffer.from('__proto__'),
        value: null,
        attributes: { flags: '9007199254740993' },
        meta: { createIndex: '11', lockIndex: '2', modifyIndex: '12', session: 'c0ffee' },
      },
      {
        key: Buffer.from('a/b'),
        value: Buffer.from([0, 1, 255]),
        attributes: { flags: '18446744073709551615' },
        meta: { createIndex: '10', lockIndex: '0', modifyIndex: '9007199254740993' },
      },
    ]);
  });

  test('a key whose bytes Consul could not show is refused, not taken for U+FFFD', async () => {
    await expect(readOld(recurse)).rejects.toThrow(/row 3 has a key that is not UTF-8/);
    expect(plain(await readOld('[{"Key":"\\\\ufffd\ufffd","Flags":0,"Value":null}]'))).toEqual([
      ['\\ufffd\ufffd', null, '0'],
    ]);
  });

  test.each([
    ['"Flags":18446744073709551616', 'Flags: expected a number of at most 2^64-1'],
    ['"Flags":-1', 'Flags: expected a number of at least 0'],
    ['"Flags":1.5', 'Flags: expected a whole number'],
    ['"Flags":1e3', 'Flags: expected a whole number'],
    ['"Flags":"0"', 'Flags: expected a whole number'],
    ['"Flags":0,"Value":"not base64"', 'Value: expected base64'],
    ['"Flags":0,"Value":"AAH"', 'Value: expected base64'],
    ['"Flags":0,"Value":1', 'Value: expected base64'],
    ['"Flags":0,"Key":"\\ud800"', 'Key: expected Unicode text'],
  ])('%s is refused', async (fields, why) => {
    const row = `[{"Key":"k","Value":null,${fields}}]`;
    await expect(readOld(row)).rejects.toMatchObject({
      code: 'FileRefused',
      message: `/old/file: row 1 is not as the format has it (${why}).`,
    });
  });
});

describe('consulate', () => {
  const rows =
    '[["key1", 0, "value1"], ["key2", 18446744073709551615, "aGVsbG8="], ["folder/", 3, null], ["caf\\u00e9/\\ufffd", 0, ""]]\n';

  test('14: rows of text, as adsabs/consul-backup stored them', async () => {
    const old = await readOld(rows, { base64: false });
    expect(old.format).toBe('consulate');
    expect(plain(old)).toEqual([
      ['café/\ufffd', '', '0'],
      ['folder/', null, '3'],
      ['key1', 'value1', '0'],
      ['key2', 'aGVsbG8=', '18446744073709551615'],
    ]);
  });

  test('rows of base64', async () => {
    const old = await readOld('[["b", 0, "AAH/"], ["a", 1, null], ["c", 0, "aGVsbG8="]]', { base64: true });
    expect(old.records.map(({ value }) => value)).toEqual([
      null,
      Buffer.from([0, 1, 255]),
      Buffer.from('hello'),
    ]);
  });

  test('which of the two is never guessed', async () => {
    await expect(readOld(rows)).rejects.toMatchObject({
      code: 'BadRequest',
      message: expect.stringContaining('say --base64 if it was made with -b, --no-base64 if not') as unknown,
    });
  });

  test('text that is no base64 is refused where base64 was said', async () => {
    await expect(readOld(rows, { base64: true })).rejects.toThrow(
      '/old/file: row 1 is not as the format has it (2: expected base64).',
    );
  });

  test("rows of Consul's own may stand among them, as its restore takes them too", async () => {
    const mixed = '[["a", 0, "x"], {"Key": "b", "Flags": 7, "Value": "eQ=="}]';
    expect(plain(await readOld(mixed, { base64: false }))).toEqual([
      ['a', 'x', '0'],
      ['b', 'y', '7'],
    ]);
  });

  test('pretty-printed, and with the byte order mark of Windows', async () => {
    expect(
      plain(
        await readOld('\ufeff[\n    [\n        "a",\n        0,\n        "x"\n    ]\n]\n', { base64: false }),
      ),
    ).toEqual([['a', 'x', '0']]);
  });
});

test('consul kv export', async () => {
  const old = await readOld(
    '[\n\t{\n\t\t"key": "a\\u0026b",\n\t\t"flags": 42,\n\t\t"value": "AAH/"\n\t},\n\t{\n\t\t"key": "a",\n\t\t"flags": 0,\n\t\t"value": ""\n\t}\n]\n',
  );
  expect(old.format).toBe('consul-kv-export');
  expect(old.records).toEqual([
    { key: Buffer.from('a'), value: Buffer.alloc(0), attributes: { flags: '0' }, meta: {} },
    { key: Buffer.from('a&b'), value: Buffer.from([0, 1, 255]), attributes: { flags: '42' }, meta: {} },
  ]);
});

describe('consul-backinator', () => {
  const { file, signature } = backinatorFile(recurseOfConsul, 'open sesame');
  const beside = { '.sig': signature };

  test('is decrypted, and its signature checked', async () => {
    const old = await readOld(oldFile(file, { beside }), { passphrase: 'open sesame' });
    expect(old).toEqual({ ...(await readOld(recurseOfConsul)), format: 'consul-backinator' });
  });

  test('needs its passphrase, and its signature', async () => {
    await expect(readOld(oldFile(file, { beside }))).rejects.toThrow(/--passphrase-file/);
    await expect(readOld(oldFile(file, { beside }), { passphrase: 'wrong' })).rejects.toMatchObject({
      code: 'FileRefused',
      message: 'The passphrase does not open /old/file, or it is damaged.',
    });
    const options = { format: 'consul-backinator', passphrase: 'open sesame' } as const;
    await expect(readOld(oldFile(file), options)).rejects.toThrow('/old/file.sig is not there');
    const other = backinatorFile('[]', 'open sesame').signature;
    for (const sig of [other, 'no signature']) {
      await expect(readOld(oldFile(file, { beside: { '.sig': sig } }), options)).rejects.toMatchObject({
        code: 'FileRefused',
      });
    }
  });

  test('55: one flipped byte is found', async () => {
    for (const place of [0, 12, Math.floor(file.length / 2), file.length - 1]) {
      const damaged = Buffer.from(file);
      damaged[place] = (damaged[place] ?? 0) ^ 1;
      await expect(
        readOld(oldFile(damaged, { beside }), { format: 'consul-backinator', passphrase: 'open sesame' }),
      ).rejects.toMatchObject({ code: 'FileRefused' });
    }
  });
});

test('a key that comes twice is refused', async () => {
  await expect(
    readOld('[["a", 0, "x"], ["b", 0, "y"], ["a", 0, "x"]]', { base64: false }),
  ).rejects.toMatchObject({
    code: 'FileRefused',
    message: '/old/file has the key "a" twice; which one counts, nobody can tell.',
  });
});
