import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { CaseResult } from './case.ts';
import { benchConsul } from './consul.ts';
import { benchEtcd } from './etcd.ts';
import { benchSearch } from './search.ts';
import { goalsOf, goalText, memoryGrowth } from './goals.ts';
import { comparisonText, whole } from './report.ts';
import { createStage, type Stage } from './stage.ts';
import type { ValueSize } from './tree.ts';

const help = `npm run bench consul [-- OPTIONS], npm run bench etcd [-- OPTIONS], npm run bench search [-- OPTIONS]

Compares Holdfast with the store's own tools on real servers on this machine, in turns. Prints medians of the rounds,
ratios and peak memory. Linux only; needs bash, zstd and, to build what is not there yet, Go.

Consul: backup with a worker (capture, verify, publish) against \`consul kv export\`, \`consul kv export | zstd | s5cmd
pipe\` and \`consul snapshot save\` with an upload; restore (plan, apply, prove) against \`consul kv import\`, and against
the requests of such a restore, made before, which show what Consul itself can take.

  --keys 100000,1000000   how many keys, case by case
  --values both           small (about 100 bytes), large (64 KiB; as many as hold \`keys\` KiB), or both
  --import-keys 20000     \`consul kv import\` writes key by key: it gets so many, and keys a second are compared

etcd: backup (a snapshot) against \`etcdctl snapshot save\` and then an upload; restore of keys against
\`etcdctl make-mirror\` and a loop of \`etcdctl put\`.

  --megabytes 250,2000    of keys and values, case by case
  --put-keys 1000         the loop gets so many, and keys a second are compared

search: the documents of an OpenSearch (needs a JDK), read, archived and read back, against an export with elasticdump;
and loaded into a new index, read again and compared, against its import. elasticdump runs at its defaults and tuned
(\`--limit=10000 --intervalCap=1000 --concurrency=8\`); npm installs it into the cache the first time.

  --documents 100000,1000000   case by case
  --few-documents 20000        elasticdump at its defaults gets so many, and documents a second are compared; the
                               fewer, the more its start weighs

All:

  --rounds 3              of each case
  --backup-only           no restores
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
      'backup-only': { type: 'boolean', default: false },
      'import-keys': { type: 'string', default: '20000' },
      megabytes: { type: 'string', default: '250,2000' },
      'put-keys': { type: 'string', default: '1000' },
      documents: { type: 'string', default: '100000,1000000' },
      'few-documents': { type: 'string', default: '20000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const rounds = positive('--rounds', values.rounds);
  const backupOnly = values['backup-only'];
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const importKeys = positive('--import-keys', values['import-keys']);
  const putKeys = positive('--put-keys', values['put-keys']);
  const fewDocuments = positive('--few-documents', values['few-documents']);
  const benches: Readonly<Record<string, readonly Case[]>> = {
    consul: valueSizes(values.values).flatMap((size) =>
      values.keys.split(',').map((text): Case => {
        const keys = positive('--keys', text);
        return (stage) => benchConsul(stage, { values: size, keys, rounds, backupOnly, importKeys }, say);
      }),
    ),
    etcd: values.megabytes.split(',').map((text): Case => {
      const megabytes = positive('--megabytes', text);
      return (stage) => benchEtcd(stage, { megabytes, rounds, backupOnly, putKeys }, say);
    }),
    search: values.documents.split(',').map((text): Case => {
      const documents = positive('--documents', text);
      return (stage) => benchSearch(stage, { documents, rounds, backupOnly, fewDocuments }, say);
    }),
  };
  const cases = benches[positionals.join(' ')];
  if (cases === undefined) {
    process.stderr.write(`There are benchmarks of: ${Object.keys(benches).join(', ')}.\n\n${help}`);
    return 2;
  }
  const machine = machineText();
  if (!values.json) process.stdout.write(`${machine}\n\n`);

  const results: CaseResult[] = [];
  await using stage = await createStage();
  for (const one of cases) {
    const result = await Promise.race([one(stage), stopped.promise]);
    results.push(result);
    if (!values.json) process.stdout.write(caseText(result));
  }
  process.stdout.write(
    values.json ? `${JSON.stringify({ machine, results }, undefined, 2)}\n` : memoryGrowth(results),
  );
  return 0;
}

type Case = (stage: Stage) => Promise<CaseResult>;

function caseText({ load, backup, restore }: CaseResult): string {
  return [backup, restore]
    .filter((comparison) => comparison !== undefined)
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
