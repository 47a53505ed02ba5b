import type { Command } from 'commander';
import { configFile, loadConfig } from '../../config/load.ts';
import type { TestAlarms, TestedChannel } from '../../workflows/contract/alarms.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { watchMessages, watchWorkflowId } from '../../workflows/contract/names.ts';
import { withTemporal } from '../connection.ts';
import { named } from '../failure.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { globalOptions } from '../options.ts';
import { paint, printJson, printLine } from '../output.ts';
import { table } from '../table.ts';
import { sendUpdate } from '../update.ts';
import { ensureWatch } from '../watch.ts';

export function addAlarmsCommand(program: Command, io: Io): void {
  const alarms = program.command('alarms').description('try the channels of `alarms:`');
  alarms
    .command('test')
    .argument('[channel]', 'the channel (default: all)')
    .summary('send a test message by a channel, or by all')
    .description(
      'Lets a worker send a test message by a channel, or by all, on the very way that alarms take, and tells what ' +
        'came of each. The exit code is 1 where one did not take it. A ping counts as a sign of life of its job.',
    )
    .action(async (channel: string | undefined, _options: unknown, command: Command) => {
      const { config: given, json } = globalOptions(command);
      const config = await loadConfig(configFile(given, io.env), { env: io.env, unset: 'keep' });
      if (config.alarms.size === 0)
        throw new HoldfastError('BadRequest', `There are no channels in ${config.file}: see docs/alarms.md.`);
      const tested = await withTemporal(config.temporal, io, async (client) => {
        await ensureWatch(client);
        const where = { workflowId: watchWorkflowId, update: watchMessages.test, what: 'the test' };
        const wanted: TestAlarms = channel === undefined ? {} : { channel };
        return sendUpdate<readonly TestedChannel[]>(client, io, where, wanted);
      });
      if (json) await printJson(io, { channels: tested });
      else for (const line of lines(tested, io)) await printLine(io, line);
      const bad = tested.find(({ failure }) => failure !== undefined);
      if (bad !== undefined) throw named(bad.failure?.code, bad.failure?.message ?? '');
    })
    .addHelpText(
      'after',
      examples(
        ['holdfast alarms test', 'all channels'],
        ['holdfast alarms test ops-mail', 'one'],
        ['holdfast alarms test --json', 'for a script: {"channels":[{"channel":…,"failure":…}]}'],
      ),
    );
}

function lines(tested: readonly TestedChannel[], io: Io): readonly string[] {
  const rows = tested.map(({ channel, kind, failure }) => [
    channel,
    kind,
    failure === undefined ? 'sent' : `FAILED (${failure.code}): ${failure.message}`,
  ]);
  const columns = [{ title: 'CHANNEL' }, { title: 'KIND' }, { title: 'RESULT' }];
  return table(columns, rows, (text) => paint(io, io.stdout, 'dim', text));
}
