import type { Command } from 'commander';
import { linesOfIndices } from '../../archive/documents/lines-of-indices.ts';
import { readLines } from '../../archive/reader.ts';
import { encodeFields, encodeMeta } from '../../archive/record.ts';
import { matches } from '../../stores/elasticsearch/patterns.ts';
import { type BackupKeys, withKeys } from '../backup-keys.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { write } from '../output.ts';
import { type OpenedBackup, openContent } from '../records.ts';
import { refuseForDocuments, refuseForKeys } from '../reading-options.ts';
import { addSourceOptions, type SourceOptions, withSource } from '../sources.ts';

interface CatOptions extends SourceOptions {
  readonly prefix?: string;
  readonly indices?: string;
}

export function addCatCommand(program: Command, io: Io): void {
  const cat = program
    .command('cat')
    .argument('<job>', 'the job')
    .argument('[backup]', 'an id, latest, or before:<time>', 'latest')
    .summary('write the records or documents of a backup to stdout')
    .description(
      'Write the records of a backup to stdout, decrypted and decompressed, one JSON object a line, with their ' +
        'values; of indices, how each is defined, its documents, and what it holds. Only exit code 0 says that they are ' +
        'whole and right.',
    )
    .option('--prefix <prefix>', 'only the keys that start so; reads only the part that holds them')
    .option('--indices <names>', 'only these indices, with `*`, separated by commas');
  addSourceOptions(cat)
    .action((job: string, backup: string, options: CatOptions, command: Command) =>
      withSource(job, command, io, async (source) => {
        const content = await openContent(source, backup, io);
        await withKeys(source, content, io, async (keys) => {
          for await (const lines of linesOf(content, keys, options)) await write(io.stdout, lines, io.signal);
        });
      }),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast cat consul-prod > records.ndjson', 'the newest backup'],
        ['holdfast cat consul-prod | jq -r \'select(.flags == "42").key\'', 'search in it'],
        [
          "holdfast cat search-docs --indices orders | jq -c 'select(.id).source'",
          'the documents of an index',
        ],
      ),
    );
}

async function* linesOf(
  { bytes, object, options, manifest }: OpenedBackup,
  keys: BackupKeys,
  { prefix = '', indices }: CatOptions,
): AsyncGenerator<Buffer | string> {
  if (object.format === 'documents.ndjson') {
    refuseForDocuments(manifest, { prefix });
    const lines = readLines(bytes, object, options);
    const patterns = indices?.split(',');
    yield* patterns === undefined ? lines : linesOfIndices(lines, (index) => matches(patterns, index));
    return;
  }
  refuseForKeys(manifest, { indices });
  // As they are stored, which is faster than to make records of them and these lines again.
  if (prefix === '' && object.format === 'records.ndjson') {
    yield* readLines(bytes, object, options);
    return;
  }
  for await (const batch of (await keys(prefix)).records) {
    yield batch.map((record) => encodeFields(record) + encodeMeta(record.meta)).join('');
  }
}
