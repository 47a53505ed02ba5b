import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { KeyRecord } from '../workflows/contract/record.ts';

const environments = ['dev', 'staging', 'prod'];
const zones = ['eu-1', 'eu-2', 'us-1', 'us-2', 'ap-1'];
const services =
  'auth billing cart catalog checkout coupons delivery email export fraud gateway geo identity images import ' +
  'inbox invoices ledger loyalty mail media metrics notify orders payments pricing profiles push ratings reports ' +
  'returns search sessions shipping stock support tax tracking users wallet';

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

type Value = (service: string, zone: string) => string;

const settings: Readonly<Record<string, Value>> = {
  'cache/ttl': () => `${randomInt(1, 120)}m`,
  'database/password': () => randomBytes(24).toString('base64url'),
  'database/pool': () => JSON.stringify({ min: randomInt(1, 5), max: randomInt(5, 80), idleSeconds: 30 }),
  'database/url': (service, zone) =>
    `postgres://${service}@${host('pg', zone)}:5432/${service}?sslmode=require`,
  'deploy/image': (service) => `registry.internal/${service}@sha256:${randomBytes(32).toString('hex')}`,
  'deploy/replicas': () => String(randomInt(2, 24)),
  'feature/checkout-v2': () => String(randomInt(2) === 1),
  'feature/rollout': () => JSON.stringify({ percent: randomInt(101), salt: randomUUID() }),
  'kafka/brokers': (_service, zone) => [1, 2, 3].map(() => `${host('kafka', zone)}:9092`).join(','),
  'limits/requests': () => JSON.stringify({ perSecond: randomInt(10, 5000), owner: `team-${randomInt(12)}` }),
  'log/level': () => ['debug', 'info', 'info', 'info', 'warn'][randomInt(5)] ?? 'info',
  'oauth/client-id': () => randomUUID(),
  'oauth/client-secret': () => randomBytes(32).toString('base64url'),
  'sentry/dsn': () => `https://${randomBytes(16).toString('hex')}@errors.internal/${randomInt(1000)}`,
  'tls/certificate': () => pem('CERTIFICATE', 760),
  'tls/key': () => pem('PRIVATE KEY', 138),
  'timeouts/upstream': () => `${randomInt(1, 60) * 500}ms`,
};

/** 10,000 keys as a platform has them: settings of its services in each environment and zone; and some hostile ones. */
export function platformTree(): readonly KeyRecord[] {
  const records = hostile.map(([key, value, flags]) => record(key, value, flags));
  for (const environment of environments) {
    for (const zone of zones) {
      for (const service of services.split(' ')) {
        for (const [setting, value] of Object.entries(settings)) {
          records.push(record(`config/${environment}/${zone}/${service}/${setting}`, value(service, zone)));
        }
      }
    }
  }
  return records.slice(0, 10_000).sort((one, other) => Buffer.compare(one.key, other.key));
}

function host(name: string, zone: string): string {
  return `${name}-${randomBytes(3).toString('hex')}.${zone}.internal`;
}

function pem(what: string, bytes: number): string {
  const lines = randomBytes(bytes).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;
}

function record(key: string, value: string | Buffer | null, flags = '0'): KeyRecord {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return { key: Buffer.from(key), value: bytes, attributes: { flags }, meta: {} };
}
