import { z } from 'zod';
import { alarmLevels } from '../../workflows/contract/alarms.ts';
import * as format from '../formats.ts';

const { text, duration } = format;

const anyText = text('text', () => true);

const webhook = z.strictObject({
  url: format.messageAddress.describe('Where messages go. Write it as `${VARIABLE}` where it holds a token.'),
  method: z.enum(['POST', 'PUT'], { error: '`POST` or `PUT`' }).default('POST').describe('The HTTP method.'),
  headers: z
    .record(z.string(), anyText)
    .default({})
    .describe('More headers, such as `Authorization: Bearer ${TOKEN}`.'),
  body: z
    .union([anyText, z.record(z.string(), z.json())], {
      error: 'a text, or a mapping that is sent as JSON',
    })
    .optional()
    .describe(
      'What is sent: a text, or a mapping that becomes JSON. `{title}`, `{text}`, `{job}`, `{level}`, `{event}`, `{problem}`, `{key}` and `{since}` are filled in. Default: all of them, as JSON.',
    ),
});

const slack = z.strictObject({
  url: format.messageAddress.describe('The address of an incoming webhook. Write it as `${VARIABLE}`.'),
});

const email = z.strictObject({
  smtp: format.mailServer.describe(
    'The mail server: `smtps://mail.example.com` (TLS), or `smtp://mail.example.com:587` (TLS where the server offers it; `?requireTLS=true` insists).',
  ),
  user: anyText.optional().describe('Its user, where it asks for one.'),
  password: anyText.optional().describe('Goes with user. Write it as `${VARIABLE}`.'),
  from: text('the address of the sender').describe('The sender.'),
  to: z
    .array(text('an address'), { error: 'a list of addresses' })
    .min(1, { error: 'at least one address' })
    .describe('The recipients.'),
});

const command = z.strictObject({
  argv: z
    .array(anyText, { error: 'a list: the program and its arguments' })
    .min(1, { error: 'at least the program' })
    .describe(
      'The program and its arguments. It finds the message in HOLDFAST_ALARM_* and as JSON on stdin.',
    ),
  env: z.record(z.string(), anyText).default({}).describe('More variables of its environment.'),
  time_limit: duration.prefault('1m').describe('How long it may take; then it is stopped.'),
});

const ping = z.strictObject({
  url: format.messageAddress.describe(
    'Called when a run of a job ended well. `{job}` stands for the job: each needs a switch of its own.',
  ),
  failure_url: format.messageAddress
    .optional()
    .describe('Called when a run ended badly. Default: nothing is.'),
  method: z.enum(['GET', 'POST'], { error: '`GET` or `POST`' }).default('GET').describe('The HTTP method.'),
});

export const channelSchema = z.strictObject({
  webhook: webhook.optional().describe('An HTTP request of any form.'),
  slack: slack.optional().describe('An incoming webhook of Slack, or of what understands the same.'),
  email: email.optional().describe('A mail by SMTP.'),
  command: command
    .optional()
    .describe('A command that a worker runs, where it allows commands (`worker: { commands: true }`).'),
  ping: ping
    .optional()
    .describe('A dead-man’s switch: it hears of each good run, and raises the alarm when it hears nothing.'),
  level: z
    .enum(alarmLevels, { error: '`info`, `warning` or `critical`' })
    .default('warning')
    .describe('What the channel is told: this and what is worse. `info`: of good runs too.'),
  jobs: z
    .array(text('the name of a job'), { error: 'a list of names' })
    .min(1, { error: 'at least one job' })
    .optional()
    .describe('Only of these jobs. Default: of all.'),
  remind_after: duration
    .prefault('24h')
    .describe('It is told again of what is still wrong after so long. `0s`: never.'),
});
