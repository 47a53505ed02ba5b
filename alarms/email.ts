import { createTransport } from 'nodemailer';
import type { Notice } from '../workflows/contract/alarms.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { EmailSettings } from './settings.ts';
import { headline, wholeText } from './words.ts';

/** Milliseconds for each step of the conversation. */
const patience = 15_000;

/**
 * One mail for all.
 *
 * @throws AlarmRefused where it is no use to try again, AlarmNotSent where it may be
 */
export async function sendEmail(
  channel: string,
  { smtp, auth, from, to }: EmailSettings,
  notices: readonly Notice[],
): Promise<void> {
  const transport = createTransport({
    url: smtp,
    ...(auth && { auth: { user: auth.user, pass: auth.password } }),
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience,
  });
  const [first] = notices;
  if (first === undefined) return;
  const more = notices.length === 1 ? '' : ` (and ${notices.length - 1} more)`;
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: `[holdfast] ${headline(first)}${more}`,
      text: notices.map((notice) => `${headline(notice)}\n${wholeText(notice)}\n`).join('\n'),
      // Out-of-office answers help nobody.
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  } catch (error) {
    throw failureOf(channel, new URL(smtp).host, error);
  } finally {
    transport.close();
  }
}

function failureOf(channel: string, host: string, error: unknown): HoldfastError {
  const {
    code,
    responseCode = 0,
    message,
  } = error as {
    readonly code?: string;
    readonly responseCode?: number;
    readonly message?: string;
  };
  // 5xx: the server will say the same again.
  const final = responseCode >= 500 || code === 'EAUTH';
  return new HoldfastError(
    final ? 'AlarmRefused' : 'AlarmNotSent',
    `Channel ${channel}: the mail server ${host} did not take the message (${code ?? 'no code'}): ${message ?? ''}`,
    { cause: error },
  );
}
