import { HoldfastError } from '../../workflows/contract/errors.ts';
import { callError } from './errors.ts';
import { CallFailure, type StreamingCall } from './streaming-call.ts';

/** A server that sends nothing for so long, while it is listened to, is given up. */
const longestSilence = 60_000;

/**
 * The messages of a stream from a server, at the pace of the reader: what is not asked for waits at the server, but for
 * what one window of the connection holds. A message may be read until the next one is asked for. Leaving early cancels
 * the call.
 *
 * @throws StreamBroken after a long silence, the reason of the signal, and what calls throw
 */
export async function* messagesOf(
  call: StreamingCall,
  address: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const messages = call.messages[Symbol.asyncIterator]();
  let listening = false;
  const silence = new AbortController();
  const cancel = () => call.cancel();
  const watch = setTimeout(() => {
    if (!listening) {
      watch.refresh();
      return;
    }
    silence.abort();
    cancel();
  }, longestSilence);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    for (;;) {
      listening = true;
      watch.refresh();
      const step = await messages.next();
      listening = false;
      signal.throwIfAborted();
      if (step.done === true) return;
      yield step.value;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (silence.signal.aborted) {
      const seconds = longestSilence / 1000;
      throw new HoldfastError(
        'StreamBroken',
        `etcd at ${address} sent nothing for ${seconds} seconds in the middle of a stream.`,
        { details: { address } },
      );
    }
    throw error instanceof CallFailure ? callError(address, error) : error;
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}
