import type { ChannelKind, Notice } from '../workflows/contract/alarms.ts';
import { runAlarmCommand } from './command.ts';
import { sendPing } from './ping.ts';
import type { Channel } from './settings.ts';
import { sendSlack } from './slack.ts';
import { sendWebhook } from './webhook.ts';

/**
 * Sends notices by a channel: all in one message where people read it, else the one that is there.
 *
 * @throws AlarmRefused where it is no use to try again, AlarmNotSent where it may be
 */
export async function send(
  { name, way }: Channel,
  notices: readonly Notice[],
  signal: AbortSignal,
): Promise<void> {
  switch (way.kind) {
    case 'slack':
      return sendSlack(name, way.slack, notices, signal);
    case 'email': {
      // A mail client that most installations do not need.
      const { sendEmail } = await import('./email.ts');
      return sendEmail(name, way.email, notices);
    }
    case 'webhook':
    case 'command':
    case 'ping':
      for (const notice of notices) await sendOne(name, way, notice, signal);
  }
}

type SingleWay = Extract<Channel['way'], { readonly kind: Exclude<ChannelKind, 'slack' | 'email'> }>;

async function sendOne(name: string, way: SingleWay, notice: Notice, signal: AbortSignal): Promise<void> {
  switch (way.kind) {
    case 'webhook':
      return sendWebhook(name, way.webhook, notice, signal);
    case 'command':
      return runAlarmCommand(name, way.command, notice, signal);
    case 'ping':
      return sendPing(name, way.ping, notice, signal);
  }
}
