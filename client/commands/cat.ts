import type { Command } from 'commander';
import { readPrefix } from '../../archive/prefix.ts';
import { readLines } from '../../archive/reader.ts';
import { encodeFields, encodeMeta } from '../../archive/record.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { write } from '../output.ts';
import { type OpenedBackup, openRecords } from '../records.ts';
import { addSourceOptions, type SourceOptions, withSource } from '../sources.ts';

interface CatOptions extends SourceOptions {
  readonly prefix?: string;
}

export function addCatCommand(program: Command, io: Io): void {
  const cat = program
    .command('cat')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('write the records of a backup to stdout')
    .description(
      'Write the records of a backup to stdout, decrypted and decompressed, one JSON object a line, with their ' +
        'values. Only exit code 0 says that they are whole and right.',
    )
    .option('--prefix <prefix>', 'only the keys that start so; reads only the part that holds them');
  addSourceOptions(cat)
    .action((job: string, backup: string, { prefix = '' }: CatOptions, command: Command) =>
      withSource(job, command, io, async (source) => {
        const records = await openRecords(source, backup, io);
        for await (const lines of linesOf(records, prefix)) await write(io.stdout, lines, io.signal);
      }),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast cat consul-prod > records.ndjson', 'the newest backup'],
        ['holdfast cat consul-prod | jq -r \'select(.flags == "42").key\'', 'search in it'],
      ),
    );
}

async function* linesOf(
  { bytes, object, options }: OpenedBackup,
  prefix: string,
): AsyncGenerator<Buffer | string> {
  if (prefix === '') {
    yield* readLines(bytes, object, options);
    return;
  }
  for await (const batch of readPrefix(bytes, object, Buffer.from(prefix), options).records) {
    yield batch.map((record) => encodeFields(record) + encodeMeta(record.meta)).join('');
  }
}
