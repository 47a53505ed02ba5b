import { runCommand } from '../tasks/command/run.ts';
import type { Notice } from '../workflows/contract/alarms.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { AlarmCommandSettings } from './settings.ts';
import { valuesOf } from './template.ts';

/** Milliseconds between SIGTERM and SIGKILL. */
const grace = 5000;

/**
 * Runs a command with the facts in its environment (`HOLDFAST_ALARM_TITLE`, …) and as JSON on its stdin.
 *
 * @throws AlarmNotSent where it does not end with 0
 */
export async function runAlarmCommand(
  channel: string,
  { argv, directory, env, timeLimit }: AlarmCommandSettings,
  notice: Notice,
  signal: AbortSignal,
): Promise<void> {
  const values = valuesOf(notice);
  const facts = Object.entries(values).map(([name, value]) => [
    `HOLDFAST_ALARM_${name.toUpperCase()}`,
    value,
  ]);
  const end = await runCommand(
    `The command of channel ${channel}`,
    { argv, directory, env, grace, retries: 0 },
    {
      env: process.env,
      facts: Object.fromEntries(facts) as Record<string, string>,
      input: `${JSON.stringify(values)}\n`,
      timeLimit,
      signal,
      onView: () => undefined,
    },
  );
  if (end.exitStatus === 0) return;
  const how = end.signal ?? `exit status ${end.exitStatus ?? 'unknown'}`;
  const late = end.stopped === 'time limit' ? ` after ${timeLimit / 1000} s` : '';
  const said = end.stderr.text.trimEnd().split('\n').at(-1) ?? '';
  throw new HoldfastError(
    'AlarmNotSent',
    `Channel ${channel}: its command ended with ${how}${late}${said === '' ? '' : `; the end of stderr: ${said}`}`,
  );
}
