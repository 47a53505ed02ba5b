import type { Notice } from '../workflows/contract/alarms.ts';
import { sendHttp } from './http.ts';
import type { WebhookSettings } from './settings.ts';
import { fill, valuesOf } from './template.ts';

export async function sendWebhook(
  channel: string,
  { url, method, headers, body }: WebhookSettings,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const values = valuesOf(notice);
  const filled = body === undefined ? values : fill(body, values);
  const [type, text] =
    typeof filled === 'string'
      ? ['text/plain; charset=utf-8', filled]
      : ['application/json', JSON.stringify(filled)];
  await sendHttp(channel, { url, method, headers: { 'content-type': type, ...headers }, body: text }, signal);
}
