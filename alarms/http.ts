import { HoldfastError } from '../workflows/contract/errors.ts';

export interface AlarmRequest {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Milliseconds that the other side has to answer. */
const patience = 15_000;
/** Of what it says. */
const longest = 200;

/**
 * Sends a message. Whatever goes wrong is told without path and query of the address: they may be its password.
 *
 * @throws AlarmRefused where it is no use to try again, AlarmNotSent where it may be
 */
export async function sendHttp(
  channel: string,
  { url, method, headers = {}, body }: AlarmRequest,
  signal: AbortSignal,
): Promise<void> {
  const { origin } = new URL(url);
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'holdfast', ...headers },
    // A message that follows a redirect may arrive empty, or at somebody else's.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    ...(body !== undefined && { body }),
  }).catch((error: unknown) => {
    throw new HoldfastError(
      'AlarmNotSent',
      `Channel ${channel}: ${origin} does not answer (${reasonOf(error)}).`,
      { cause: error },
    );
  });
  const said = (await response.text().catch(() => '')).replaceAll(/\s+/g, ' ').trim().slice(0, longest);
  if (response.ok) return;
  const passing = response.status >= 500 || response.status === 429 || response.status === 408;
  throw new HoldfastError(
    passing ? 'AlarmNotSent' : 'AlarmRefused',
    `Channel ${channel}: ${origin} answers ${response.status}${said === '' ? '' : `: ${said}`}`,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name === 'TimeoutError' ? `nothing for ${patience / 1000} s` : error.name;
}
