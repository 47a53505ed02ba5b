import type { Notice } from '../workflows/contract/alarms.ts';
import { sendHttp } from './http.ts';
import type { PingSettings } from './settings.ts';
import { headline, wholeText } from './words.ts';

/** Tells a dead-man's switch that a run ended well; or badly, where that has an address of its own. */
export async function sendPing(
  channel: string,
  { url, failureUrl, method }: PingSettings,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const good = notice.level === 'info';
  const address = good ? url : failureUrl;
  if (address === undefined) return;
  const body = method === 'POST' ? `${headline(notice)}\n${wholeText(notice)}\n` : undefined;
  await sendHttp(
    channel,
    {
      url: address.replaceAll('{job}', encodeURIComponent(notice.job ?? '')),
      method,
      ...(body !== undefined && { body, headers: { 'content-type': 'text/plain; charset=utf-8' } }),
    },
    signal,
  );
}
