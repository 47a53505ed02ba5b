import { randomUUID } from 'node:crypto';
import { Encrypter } from 'age-encryption';
import { z } from 'zod';
import { type CronDialect, readCron } from './cron.ts';
import { parseDuration } from './duration.ts';

/**
 * The kinds of values in the schema. An error message of a schema always completes the sentence "expected …".
 */

/**
 * Stands before text whose variables are unset and which is kept as it is: no format can be asked of it.
 * Random, so that nobody can write it.
 */
export const keptMark = `\u0000${randomUUID()}`;

export function isKept(value: string): boolean {
  return value.startsWith(keptMark);
}

export function text(expected: string, fits: (text: string) => boolean = (value) => value !== '') {
  return z
    .string({ error: expected })
    .refine((value) => value.startsWith(keptMark) || fits(value), { error: expected });
}

export function wholeNumber(from: number, to: number) {
  const error =
    to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from}` : `a whole number from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
}

export const yesOrNo = z.boolean({ error: '`true` or `false`' });

/** Becomes milliseconds. */
export const duration = z
  .string({ error: 'a duration such as 90s, 15m, 1h30m or 30d' })
  .transform((value, context) => {
    const milliseconds = parseDuration(value);
    if (milliseconds === undefined) {
      context.addIssue({ code: 'custom', message: 'a duration such as 90s, 15m, 1h30m or 30d' });
      return z.NEVER;
    }
    return milliseconds;
  });

const percentForm = 'a part in percent, such as 50%';

/** Becomes a number from 0 to 1. */
export const percent = z
  .string({ error: percentForm })
  .regex(/^(100|\d{1,2}(\.\d+)?)%$/, { error: percentForm })
  .transform((value) => Number(value.slice(0, -1)) / 100);

/** What is wrong with a cron text, as the end of the sentence "expected …". */
export function cronMistake(cron: string, dialect: CronDialect): string | undefined {
  const times = isKept(cron) ? undefined : readCron(cron, dialect);
  return typeof times === 'string' ? `${cronForms[dialect]}; this one ${times}` : undefined;
}

const cronForms = {
  standard:
    'a cron text of five fields (minute, hour, day of the month, month, day of the week), or of six with the second first',
  'go-cron':
    'a cron text of go-cron (second, minute, hour, day of the month, month; the day of the week may follow)',
} as const;

export const timezone = z
  .string({ error: 'the name of a time zone, such as Europe/Berlin or UTC' })
  .refine((value) => value.startsWith(keptMark) || isTimezone(value), {
    error: 'the name of a time zone, such as Europe/Berlin or UTC',
    params: { choices: Intl.supportedValuesOf('timeZone') },
  });

/** Scheme, host and port alone: credentials in an address would end up in manifests and messages. */
export const serverAddress = text(
  'an address such as http://127.0.0.1:8500, with http or https, and without credentials or path',
  (value) => {
    const url = httpUrl(value);
    return url !== undefined && url.pathname === '/' && url.search === '' && url.hash === '';
  },
);

export const webAddress = text(
  'the address of a web page such as http://localhost:8233, without credentials',
  (value) => httpUrl(value) !== undefined,
);

/** Tokens in it are usual. */
export const messageAddress = text('an address such as https://hooks.example.com/services/T0', (value) =>
  ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? ''),
);

export const mailServer = text('the address of a mail server such as smtps://mail.example.com', (value) => {
  const url = URL.parse(value);
  return url !== null && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '';
});

export const endpoint = text(
  'the address of an S3 server such as https://s3.example.com:9000, without credentials',
  isHttpAddress,
);

export const recipient = text(
  'an age recipient (`age1…`, printed by `age-keygen`); a secret key does not belong here',
  isRecipient,
);

/** Jobs and storages are named so; a job's name becomes a folder and a part of workflow ids. */
export const namePattern = /^[a-z0-9][a-z0-9-]{0,59}$/;

export function isTimezone(name: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    // Intl also takes `+01:00` and any case; Temporal looks the name up in a case-sensitive database.
    return /^[A-Z]/.test(name) && (timeZone.toLowerCase() !== name.toLowerCase() || timeZone === name);
  } catch {
    return false;
  }
}

/** Without credentials. */
export function isHttpAddress(value: string): boolean {
  return httpUrl(value) !== undefined;
}

function httpUrl(value: string): URL | undefined {
  const url = URL.parse(value);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined;
  return url.username === '' && url.password === '' ? url : undefined;
}

function isRecipient(value: string): boolean {
  try {
    new Encrypter().addRecipient(value);
    return value.startsWith('age1');
  } catch {
    return false;
  }
}
