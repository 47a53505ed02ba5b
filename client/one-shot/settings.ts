import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/load.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import type { Io } from '../io.ts';

/** What the environment asks for, in the words of adsabs/consul-backup. */
export interface OneShot {
  readonly action: 'backup' | 'restore';
  /** `consulate`: files as adsabs/consul-backup had them; else backups of Holdfast. */
  readonly format: 'consulate' | 'holdfast';
  readonly backupFile: string;
  /** Absent: today's date. */
  readonly version?: string;
  readonly restoreId?: string;
  readonly overwrite: boolean;
  readonly temporary: string;
  readonly config: Config;
}

/** The only job of a one-shot's configuration, and its folder in the bucket. */
export const jobName = 'consul';

/** @throws BadRequest, ConfigInvalid naming the variable or setting */
export function oneShotFrom(env: Io['env']): OneShot {
  // Empty, as container definitions leave them, means not set.
  const given = (name: string): string | undefined => env[name] || undefined;
  const restoreId = given('RESTORE_ID');
  const action = oneOf('ACTION', given('ACTION') ?? 'backup', ['backup', 'restore']);
  if (action === 'restore' && restoreId === undefined)
    throw new HoldfastError('BadRequest', 'ACTION=restore needs RESTORE_ID: a version, an id, or latest.');
  const version = given('VERSION');
  return {
    action,
    format: oneOf('FORMAT', given('FORMAT') ?? 'holdfast', ['consulate', 'holdfast']),
    backupFile: given('BACKUP_FILE') ?? 'adsabs_consul_kv',
    overwrite: yesOrNo('OVERWRITE', given('OVERWRITE')),
    temporary: given('TMP_DIR') ?? '/tmp',
    config: configFrom(given, s3From(given)),
    ...(version !== undefined && { version }),
    ...(restoreId !== undefined && { restoreId }),
  };
}

/** The same with another storage: a directory for a while. */
export function withDirectory(oneShot: OneShot, path: string, env: Io['env']): Config {
  return configFrom((name) => env[name] || undefined, { directory: { path } }, oneShot.config.file);
}

type Given = (name: string) => string | undefined;

function s3From(given: Given): object {
  const bucket = given('S3_BACKUP_FOLDER');
  if (bucket === undefined)
    throw new HoldfastError('BadRequest', 'S3_BACKUP_FOLDER is not set: it names the bucket.');
  const endpoint = given('AWS_ENDPOINT_URL_S3') ?? given('AWS_ENDPOINT_URL');
  const region = given('AWS_REGION') ?? given('AWS_DEFAULT_REGION');
  return { s3: { bucket, endpoint, region, ...(endpoint !== undefined && { path_style: true }) } };
}

function configFrom(given: Given, storage: object, file = 'the environment'): Config {
  const host = given('CONSUL_HOST') ?? 'localhost';
  const scheme = yesOrNo('CONSUL_HTTP_SSL', given('CONSUL_HTTP_SSL')) ? 'https' : 'http';
  const ca = given('CONSUL_CACERT');
  const settings = {
    storages: { main: storage },
    jobs: {
      [jobName]: {
        storage: 'main',
        consul: {
          address: `${scheme}://${host}:${given('CONSUL_PORT') ?? '8500'}`,
          token: given('CONSUL_HTTP_TOKEN'),
          ...(ca !== undefined && { tls: { ca } }),
        },
      },
    },
  };
  return parseConfig(JSON.stringify(settings), file, { env: {}, unset: 'fail' });
}

function oneOf<Word extends string>(name: string, found: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === found);
  if (word !== undefined) return word;
  throw new HoldfastError('BadRequest', `${name}=${found}: expected ${words.join(' or ')}.`);
}

const yes = ['true', 'yes', '1', 'on'];
const no = ['false', 'no', '0', 'off'];

/** adsabs/consul-backup took any text for yes, also `False`. */
function yesOrNo(name: string, found = 'false'): boolean {
  return yes.includes(oneOf(name, found.toLowerCase(), [...yes, ...no]));
}
