import type { KeyRecord } from '../workflows/contract/record.ts';

const services = [
  'auth',
  'billing',
  'catalog',
  'checkout',
  'gateway',
  'mail',
  'orders',
  'search',
  'stock',
  'users',
];
const environments = ['dev', 'staging', 'prod'];

/** What breaks naive tools: each of these has been lost or changed by some backup tool. */
const hostile: readonly (readonly [key: string, value: string | Buffer | null, flags?: string])[] = [
  ['hostile/', null],
  ['hostile/all 256 bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
  ['hostile/not utf-8', Buffer.from([0xff, 0xfe, 0x80])],
  ['hostile/flags', 'the greatest flags there are', '18446744073709551615'],
  ['hostile/empty', ''],
  ['hostile/double//slash', 'kept apart from a single one'],
  ['hostile/a%2Fb', 'not a/b'],
  ['hostile/ space ', 'space at both ends'],
  ['hostile/new\nline', 'a key over two lines'],
  ['hostile/caf\u00e9', 'composed'],
  ['hostile/cafe\u0301', 'decomposed: another key'],
  ['hostile/__proto__', 'an ordinary key'],
  ['hostile/template', '${HOME} stays as it is'],
  ['hostile/large', Buffer.alloc(400_000, 'large ')],
];

/** 10,000 keys as a platform has them: settings of services, feature flags, certificates; and some hostile ones. */
export function platformTree(): readonly KeyRecord[] {
  const records = hostile.map(([key, value, flags]) => record(key, value, flags));
  for (let n = 0; records.length < 10_000; n++) {
    const service = services[n % services.length] ?? '';
    const environment = environments[Math.floor(n / services.length) % environments.length] ?? '';
    const instance = Math.floor(n / (services.length * environments.length));
    records.push(record(`config/${environment}/${service}/${settingName(instance)}`, settingValue(n)));
  }
  return records.sort((one, other) => Buffer.compare(one.key, other.key));
}

function settingName(n: number): string {
  const names = ['database/url', 'feature/enabled', 'limits/requests', 'tls/certificate', 'log/level'];
  return `${String(n).padStart(4, '0')}/${names[n % names.length] ?? ''}`;
}

function settingValue(n: number): string {
  const values = [
    `postgres://app-${n}.db.internal:5432/app?sslmode=require`,
    n % 3 === 0 ? 'true' : 'false',
    JSON.stringify({ perSecond: n % 500, burst: (n % 500) * 2, owner: `team-${n % 12}` }),
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(`certificate of instance ${n} `.repeat(12)).toString('base64')}\n-----END CERTIFICATE-----\n`,
    'info',
  ];
  return values[n % values.length] ?? '';
}

function record(key: string, value: string | Buffer | null, flags = '0'): KeyRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return { key: Buffer.from(key), value: bytes, attributes: { flags }, meta: {} };
}
