import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchConsul, type CaseResult } from './consul.ts';
import { goalsOf, goalText, memoryGrowth } from './goals.ts';
import { comparisonText, whole } from './report.ts';
import { createStage } from './stage.ts';
import type { ValueSize } from './tree.ts';

const help = `npm run bench consul [-- OPTIONS]

Compares Holdfast with Consul's own tools on real servers on this machine, in turns: backup with a worker (capture,
verify, publish) against \`consul kv export\`, \`consul kv export | zstd | s5cmd pipe\` and \`consul snapshot save\` with
an upload; restore (plan, apply, prove) against \`consul kv import\`. Prints medians of the rounds, ratios and peak
memory. Linux only; needs bash, zstd and, to build what is not there yet, Go.

  --keys 100000,1000000   how many keys, case by case
  --values both           small (about 100 bytes), large (64 KiB; as many as hold \`keys\` KiB), or both
  --rounds 3              of each case
  --import-keys 20000     \`consul kv import\` writes key by key: it gets so many, and keys a second are compared
  --json                  all measurements, as JSON
  --help                  this text
`;

const stopped = Promise.withResolvers<never>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => stopped.reject(new Error(`Ended by ${signal}.`)));
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      keys: { type: 'string', default: '100000,1000000' },
      values: { type: 'string', default: 'both' },
      rounds: { type: 'string', default: '3' },
      'import-keys': { type: 'string', default: '20000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (positionals.join(' ') !== 'consul') {
    process.stderr.write(`There is a benchmark of: consul.\n\n${help}`);
    return 2;
  }
  const cases = valueSizes(values.values).flatMap((size) =>
    values.keys.split(',').map((keys) => ({
      values: size,
      keys: positive('--keys', keys),
      rounds: positive('--rounds', values.rounds),
      importKeys: positive('--import-keys', values['import-keys']),
    })),
  );
  const machine = machineText();
  if (!values.json) process.stdout.write(`${machine}\n\n`);

  const results: CaseResult[] = [];
  await using stage = await createStage();
  for (const one of cases) {
    const running = benchConsul(stage, one, (text) => void process.stderr.write(`${text}\n`));
    const result = await Promise.race([running, stopped.promise]);
    results.push(result);
    if (!values.json) process.stdout.write(caseText(result));
  }
  process.stdout.write(
    values.json ? `${JSON.stringify({ machine, results }, undefined, 2)}\n` : memoryGrowth(results),
  );
  return 0;
}

function caseText({ load, backup, restore }: CaseResult): string {
  return [backup, restore]
    .map((comparison) => `${comparisonText(comparison)}${goalsOf(comparison).map(goalText).join('\n')}\n\n`)
    .concat(`  Load of the machine before: ${load.toFixed(2)}\n\n`)
    .join('');
}

function machineText(): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const memory = `${whole(totalmem() / 2 ** 30)} GiB`;
  return `${new Date().toISOString()}  ${availableParallelism()} x ${model}, ${memory}, Node ${process.version}, load ${loadavg()
    .map((n) => n.toFixed(2))
    .join(' ')}`;
}

function valueSizes(text: string): readonly ValueSize[] {
  if (text === 'both') return ['small', 'large'];
  if (text === 'small' || text === 'large') return [text];
  throw new Error(`--values is small, large or both, not "${text}".`);
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${option} takes whole numbers above 0, not "${text}".`);
}
