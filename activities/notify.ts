import { send } from '../alarms/send.ts';
import { createRedaction } from '../config/redact.ts';
import type { NotifyInput } from '../workflows/contract/alarms.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { Step } from './step.ts';

/**
 * Sends messages by a channel of this worker's configuration.
 *
 * @throws AlarmRefused where it is no use to try again, AlarmNotSent where it may be; what they say enters the history
 */
export async function notify(
  { config, signal, log }: Step,
  { channel: name, notices }: NotifyInput,
): Promise<void> {
  const channel = config.alarms.get(name);
  if (channel === undefined) {
    const text = `There is no channel "${name}" in ${config.file} of this worker. All workers need the same file.`;
    throw new HoldfastError('AlarmRefused', text);
  }
  if (channel.way.kind === 'command' && !config.worker.commands) {
    const text = `Channel ${name} is a command, and came to a worker that may run none (\`worker: { commands: true }\`).`;
    throw new HoldfastError('NoWorker', text);
  }
  try {
    await send(channel, notices, signal);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    // Without the cause: it may hold the address, and with it a token.
    throw new HoldfastError(error.code, createRedaction(config)(error.message));
  }
  log.info('Told a channel', { channel: name, notices: notices.map(({ event, key }) => `${event} ${key}`) });
}
