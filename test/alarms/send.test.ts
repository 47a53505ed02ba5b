import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from '../../alarms/send.ts';
import { parseConfig } from '../../config/load.ts';
import type { Notice } from '../../workflows/contract/alarms.ts';
import { type HttpEndpoint, type SmtpEndpoint, startHttpEndpoint, startSmtpEndpoint } from './endpoints.ts';

/** Every kind of channel, as holdfast.yaml has it, sends to real servers and starts real commands. */
let http: HttpEndpoint;
let smtp: SmtpEndpoint;
let scratch: string;

beforeAll(async () => {
  http = await startHttpEndpoint();
  smtp = await startSmtpEndpoint('holdfast', 'p@ss:word');
  scratch = await mkdtemp(join(tmpdir(), 'holdfast-alarms-'));
});
afterAll(async () => {
  await http.stop();
  await smtp.stop();
  await rm(scratch, { recursive: true });
});
beforeEach(() => {
  http.answer = 200;
  http.heard.length = 0;
  smtp.heard.length = 0;
});

const fired: Notice = {
  event: 'fired',
  level: 'critical',
  key: 'consul: failed',
  job: 'consul',
  problem: 'failed',
  text: 'The last run of consul failed. It says "no" & <nothing> else.',
  since: '2026-11-22T04:15:00.123Z',
};
const cleared: Notice = { ...fired, event: 'cleared' };
const ended: Notice = {
  ...fired,
  event: 'ended',
  level: 'info',
  problem: 'backup ended well',
  text: 'Fine.',
};

async function sendBy(channel: object, ...notices: Notice[]): Promise<void> {
  const settings = { jobs: { consul: { command: { argv: ['true'] } } }, alarms: { ops: channel } };
  const config = parseConfig(JSON.stringify(settings), join(scratch, 'holdfast.yaml'), {
    env: {},
    unset: 'fail',
  });
  const found = config.alarms.get('ops');
  if (found === undefined) throw new Error('it is there');
  await send(found, notices, new AbortController().signal);
}

test('a webhook gets the notice as JSON', async () => {
  await sendBy(
    { webhook: { url: `${http.address}/hook?key=k`, headers: { authorization: 'Bearer t' } } },
    fired,
  );
  const [{ method, path, headers, body } = { method: '', path: '', headers: {}, body: '' }] = http.heard;
  expect({ method, path }).toEqual({ method: 'POST', path: '/hook?key=k' });
  expect(headers).toMatchObject({ authorization: 'Bearer t', 'content-type': 'application/json' });
  expect(JSON.parse(body)).toEqual({
    ...{ event: 'fired', level: 'critical', job: 'consul', problem: 'failed', key: 'consul: failed' },
    title: 'CRITICAL: consul: failed',
    text: 'The last run of consul failed. It says "no" & <nothing> else. (since 2026-11-22 04:15:00 UTC)',
    since: '2026-11-22T04:15:00.123Z',
  });
});

test('a template of a webhook is filled in, whatever the texts hold', async () => {
  const body = {
    routing_key: 'r',
    dedup_key: '{key}',
    payload: { summary: '{title}: {text}', n: 1, l: ['{job}'] },
  };
  await sendBy({ webhook: { url: http.address, method: 'PUT', body } }, cleared);
  expect(http.heard[0]?.method).toBe('PUT');
  expect(JSON.parse(http.heard[0]?.body ?? '')).toEqual({
    routing_key: 'r',
    dedup_key: 'consul: failed',
    payload: {
      summary:
        'OK again: consul: failed: It was, since 2026-11-22 04:15:00 UTC: The last run of consul failed. It says "no" & <nothing> else.',
      n: 1,
      l: ['consul'],
    },
  });
  await sendBy({ webhook: { url: http.address, body: '{title} {unknown}' } }, fired);
  expect(http.heard[1]?.body).toBe('CRITICAL: consul: failed {unknown}');
  expect(http.heard[1]?.headers['content-type']).toBe('text/plain; charset=utf-8');
});

test('Slack gets one message for all, in which nobody can call for everybody', async () => {
  await sendBy({ slack: { url: `${http.address}/services/T0/B0/x` } }, fired, cleared);
  expect(http.heard).toHaveLength(1);
  const { text } = JSON.parse(http.heard[0]?.body ?? '') as { text: string };
  expect(text).toBe(
    ':rotating_light: *CRITICAL: consul: failed*\n' +
      'The last run of consul failed. It says "no" &amp; &lt;nothing&gt; else. (since 2026-11-22 04:15:00 UTC)\n\n' +
      ':white_check_mark: *OK again: consul: failed*\n' +
      'It was, since 2026-11-22 04:15:00 UTC: The last run of consul failed. It says "no" &amp; &lt;nothing&gt; else.',
  );
});

const mail = (more: object = {}) => ({
  email: {
    smtp: `smtp://127.0.0.1:${smtp.port}`,
    ...{ user: 'holdfast', password: 'p@ss:word', from: 'holdfast@example.com' },
    to: ['ops@example.com', 'on-call@example.com'],
    ...more,
  },
});

test('a mail reaches all recipients, by a server that asks for a password', async () => {
  await sendBy(mail(), fired, cleared);
  expect(smtp.heard).toMatchObject([
    { from: 'holdfast@example.com', to: ['ops@example.com', 'on-call@example.com'], user: 'holdfast' },
  ]);
  const { text = '' } = smtp.heard[0] ?? {};
  expect(text).toMatch(/^Subject: \[holdfast\] CRITICAL: consul: failed \(and 1 more\)\r$/m);
  expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(text).toContain('The last run of consul failed.');
  expect(text).toContain('OK again: consul: failed');
});

test('a wrong password is refused, and is not in the message', async () => {
  const error: unknown = await sendBy(mail({ password: 'wrong-pass' }), fired).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'AlarmRefused' });
  expect(String(error)).toContain(`127.0.0.1:${smtp.port}`);
  expect(String(error)).not.toContain('wrong-pass');
});

test('a mail server that is not there may come back', async () => {
  const gone = await startSmtpEndpoint('u', 'p');
  await gone.stop();
  await expect(sendBy(mail({ smtp: `smtp://127.0.0.1:${gone.port}` }), fired)).rejects.toMatchObject({
    code: 'AlarmNotSent',
  });
});

test('a command finds the facts in its environment and on stdin, and nothing else of the worker’s', async () => {
  const file = join(scratch, 'heard');
  process.env['OF_THE_WORKER'] = 'secret';
  const script = `{ echo "$HOLDFAST_ALARM_TITLE|$HOLDFAST_ALARM_LEVEL|$OF_THE_WORKER|$MORE"; cat; } > ${file}`;
  await sendBy({ command: { argv: ['/bin/sh', '-c', script], env: { MORE: 'more' } } }, fired);
  const [facts, input = ''] = (await readFile(file, 'utf8')).split('\n');
  expect(facts).toBe('CRITICAL: consul: failed|critical||more');
  expect(JSON.parse(input)).toMatchObject({ event: 'fired', key: 'consul: failed', job: 'consul' });
});

test.each([
  ['echo "no pager" >&2; exit 3', /command ended with exit status 3; the end of stderr: no pager$/],
  ['sleep 60', /command ended with SIGTERM after 1 s$/],
])('a command that does not end well fails: %s', async (script, message) => {
  const command = { argv: ['/bin/sh', '-c', script], time_limit: '1s' };
  await expect(sendBy({ command }, fired)).rejects.toThrow(message);
});

test('a switch hears of good runs, and of bad ones where it has an address for them', async () => {
  const ping = { url: `${http.address}/ping/{job}`, failure_url: `${http.address}/ping/{job}/fail` };
  await sendBy({ ping }, ended);
  await sendBy({ ping: { ...ping, method: 'POST' } }, { ...ended, level: 'critical' });
  await sendBy({ ping: { url: ping.url } }, { ...ended, level: 'critical' });
  expect(http.heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /ping/consul',
    'POST /ping/consul/fail',
  ]);
  expect(http.heard[1]?.body).toBe('consul: backup ended well\nFine.\n');
});

test.each([
  [500, 'AlarmNotSent'],
  [429, 'AlarmNotSent'],
  [404, 'AlarmRefused'],
  [302, 'AlarmRefused'],
])('an answer of %i is %s, told without the path, which may be a password', async (answer, code) => {
  http.answer = answer;
  const url = `${http.address}/services/very-secret-path`;
  const error: unknown = await sendBy({ slack: { url } }, fired).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code });
  expect(String(error)).toContain(`${http.address} answers ${answer}: so it answers ${answer}`);
  expect(String(error)).not.toContain('very-secret-path');
});

test('one that is not there may come back', async () => {
  const gone = await startHttpEndpoint();
  await gone.stop();
  await expect(sendBy({ slack: { url: gone.address } }, fired)).rejects.toThrow(
    `Channel ops: ${gone.address} does not answer (ECONNREFUSED).`,
  );
});
