import type { Notice, NoticeEvent } from '../workflows/contract/alarms.ts';
import { sendHttp } from './http.ts';
import type { SlackSettings } from './settings.ts';
import { headline, wholeText } from './words.ts';

/** One message for all: what Slack, Mattermost, Rocket.Chat and others take at an incoming webhook. */
export async function sendSlack(
  channel: string,
  { url }: SlackSettings,
  notices: readonly Notice[],
  signal: AbortSignal,
): Promise<void> {
  const text = notices.map(paragraph).join('\n\n');
  const headers = { 'content-type': 'application/json' };
  await sendHttp(channel, { url, method: 'POST', headers, body: JSON.stringify({ text }) }, signal);
}

const signs: Readonly<Record<NoticeEvent, string>> = {
  fired: ':rotating_light:',
  reminder: ':rotating_light:',
  cleared: ':white_check_mark:',
  ended: ':information_source:',
  test: ':wave:',
};

function paragraph(notice: Notice): string {
  return `${signs[notice.event]} *${escaped(headline(notice))}*\n${escaped(wholeText(notice))}`;
}

/** These three are all that Slack wants: without them a text could call for everybody. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
