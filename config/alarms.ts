import type { Channel, ChannelWay } from '../alarms/settings.ts';
import type { Path } from './document.ts';
import type { Finding } from './finding.ts';
import { namePattern } from './formats.ts';
import { present } from './present.ts';
import type { CheckedConfig } from './schema.ts';
import { isMapping, valueAt } from './settings.ts';

type CheckedChannel = CheckedConfig['alarms'][string];

/** The channels of `alarms:`, by name. */
export function buildAlarms(alarms: CheckedConfig['alarms'], folder: string): ReadonlyMap<string, Channel> {
  return new Map(
    Object.entries(alarms).map(([name, channel]) => [name, buildChannel(name, channel, folder)]),
  );
}

function buildChannel(name: string, channel: CheckedChannel, folder: string): Channel {
  const { level, jobs, remind_after: remindAfter } = channel;
  return {
    ...{ name, level, way: buildWay(channel, folder) },
    ...present({ jobs, remindAfter: remindAfter === 0 ? undefined : remindAfter }),
  };
}

function buildWay({ webhook, slack, email, command, ping }: CheckedChannel, folder: string): ChannelWay {
  if (webhook !== undefined) return { kind: 'webhook', webhook: present(webhook) };
  if (slack !== undefined) return { kind: 'slack', slack };
  if (email !== undefined) {
    const { smtp, from, to, user, password } = email;
    // Empty, as `${SMTP_USER:-}` gives it, means none.
    const auth = user ? { user, password: password ?? '' } : undefined;
    return { kind: 'email', email: { smtp, from, to, ...present({ auth }) } };
  }
  if (ping !== undefined) {
    const { url, method, failure_url: failureUrl } = ping;
    return { kind: 'ping', ping: { url, method, ...present({ failureUrl }) } };
  }
  const [program, ...args] = command?.argv ?? [];
  if (command === undefined || program === undefined)
    throw new Error('only channels with one kind, and commands with a program, pass the checks');
  const { env, time_limit: timeLimit } = command;
  return { kind: 'command', command: { argv: [program, ...args], env, timeLimit, directory: folder } };
}

const kinds = ['webhook', 'slack', 'email', 'command', 'ping'];

/** What takes several settings together. `one` says whether exactly one of the names is there. */
export function checkAlarms(
  data: unknown,
  one: (path: Path, mapping: Readonly<Record<string, unknown>>, names: readonly string[]) => Finding[],
): Finding[] {
  const alarms = valueAt(data, ['alarms']);
  if (!isMapping(alarms)) return [];
  return Object.entries(alarms).flatMap(([name, channel]) => {
    const path = ['alarms', name];
    if (!isMapping(channel)) return [];
    return [
      ...checkName(path, name),
      ...one(path, channel, kinds),
      ...checkJobs([...path, 'jobs'], channel['jobs'], valueAt(data, ['jobs'])),
      ...checkEmail([...path, 'email'], channel['email']),
      ...checkPing(path, channel),
    ];
  });
}

function checkName(path: Path, name: string): Finding[] {
  if (namePattern.test(name)) return [];
  const text = `found the name ${JSON.stringify(name)}; expected at most 60 small letters, digits and hyphens, not starting with a hyphen`;
  return [{ path, at: 'key', text }];
}

function checkJobs(path: Path, names: unknown, jobs: unknown): Finding[] {
  if (!Array.isArray(names) || !isMapping(jobs)) return [];
  return names.flatMap((name: unknown, index): Finding[] => {
    if (typeof name !== 'string' || Object.hasOwn(jobs, name)) return [];
    const text = `found ${JSON.stringify(name)}; expected a name from \`jobs\` (${Object.keys(jobs).join(', ')})`;
    return [{ path: [...path, index], at: 'value', text }];
  });
}

function checkEmail(path: Path, email: unknown): Finding[] {
  if (!isMapping(email) || !('password' in email) || 'user' in email) return [];
  return [{ path: [...path, 'user'], at: 'key', text: 'missing; `password` needs it' }];
}

/** One switch for several jobs stays still while one of them is well: it would hide all others. */
function checkPing(path: Path, { ping, jobs }: Readonly<Record<string, unknown>>): Finding[] {
  if (!isMapping(ping) || typeof ping['url'] !== 'string' || ping['url'].includes('{job}')) return [];
  if (Array.isArray(jobs) && jobs.length === 1) return [];
  const text =
    'found an address without `{job}` for several jobs; expected `{job}` in it, or `jobs:` with one name beside `ping`';
  return [{ path: [...path, 'ping', 'url'], at: 'value', text }];
}
