import { oneShotFrom } from '../../../client/one-shot/settings.ts';
import { holdfast } from '../fake-io.ts';

const bucket = { S3_BACKUP_FOLDER: 'adsabs-consul-backups' };

test('14: the environment of adsabs/consul-backup, and its defaults', () => {
  const plain = oneShotFrom({ ...bucket, VERSION: '', OVERWRITE: '' });
  expect(plain).toMatchObject({
    ...{
      action: 'backup',
      format: 'holdfast',
      backupFile: 'adsabs_consul_kv',
      overwrite: false,
      temporary: '/tmp',
    },
  });
  expect(plain.config.jobs.get('consul')).toMatchObject({
    store: { consul: { addresses: ['http://localhost:8500'] } },
    storage: { s3: { bucket: 'adsabs-consul-backups', prefix: '', pathStyle: false } },
  });
  const full = oneShotFrom({
    ...bucket,
    ...{
      ACTION: 'restore',
      CONSUL_HOST: 'consul.adsabs',
      CONSUL_PORT: '8501',
      BACKUP_FILE: 'x',
      VERSION: 'y',
    },
    ...{ RESTORE_ID: '2', OVERWRITE: 'True', TMP_DIR: '/scratch', FORMAT: 'consulate' },
    ...{
      AWS_ENDPOINT_URL: 'http://127.0.0.1:7070',
      AWS_DEFAULT_REGION: 'eu-west-1',
      CONSUL_HTTP_TOKEN: 'secret',
    },
  });
  expect(full).toMatchObject({
    ...{ action: 'restore', format: 'consulate', backupFile: 'x', version: 'y', restoreId: '2' },
    ...{ overwrite: true, temporary: '/scratch' },
  });
  expect(full.config.jobs.get('consul')).toMatchObject({
    store: { consul: { addresses: ['http://consul.adsabs:8501'], token: 'secret' } },
    storage: { s3: { endpoint: 'http://127.0.0.1:7070', region: 'eu-west-1', pathStyle: true } },
  });
});

test.each(['False', 'false', 'no', '0', 'OFF'])('14: OVERWRITE=%s is no', (OVERWRITE) => {
  expect(oneShotFrom({ ...bucket, OVERWRITE }).overwrite).toBe(false);
});

test.each([
  ['13: ACTION=foo', { ...bucket, ACTION: 'foo' }, 'ACTION=foo: expected backup or restore.'],
  ['no bucket', {}, 'S3_BACKUP_FOLDER is not set'],
  ['a restore of nothing', { ...bucket, ACTION: 'restore' }, 'ACTION=restore needs RESTORE_ID'],
  ['an unclear OVERWRITE', { ...bucket, OVERWRITE: 'perhaps' }, 'OVERWRITE=perhaps: expected true'],
  ['an unknown format', { ...bucket, FORMAT: 'json' }, 'FORMAT=json: expected consulate or holdfast.'],
])('%s is exit code 2', async (_what, env, why) => {
  const { exit, text, stderr } = await holdfast(['one-shot'], { env });
  expect({ exit, text }).toEqual({ exit: 2, text: '' });
  expect(stderr).toContain(why);
});
