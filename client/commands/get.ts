import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { withRetries } from '../../storage/s3/attempts.ts';
import { openObjects } from '../../storage/s3/objects.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { parseObjectAddress } from '../object-address.ts';
import { write } from '../output.ts';
import { findSidecar } from '../streams/sidecar.ts';
import { parseConcurrency, parseRetries } from '../streams/size.ts';

interface GetOptions {
  readonly concurrency?: number;
  readonly retries?: number;
}

export function addGetCommand(program: Command, io: Io): void {
  program
    .command('get')
    .argument('<address>', 's3://bucket/key?endpoint=…&region=…&path_style=true')
    .summary('write one object to stdout')
    .description(
      'Write one object to stdout, in ranges that are fetched at once. Only exit code 0 says that it is whole. The MD5 ' +
        'that gof3r keeps beside its objects is checked.',
    )
    .option('-c, --concurrency <count>', 'ranges of 4 MiB fetched at once (default: 4)', parseConcurrency)
    .option(
      '-r, --retries <count>',
      'how often a request that failed is made again (default: 11 for a range, 4 for others)',
      parseRetries,
    )
    .action((address: string, options: GetOptions) => get(address, options, io))
    .addHelpText(
      'after',
      examples(
        ['holdfast get s3://bucket/data.tar | tar x', 'into a pipe'],
        [
          "holdfast get 's3://bucket/key?endpoint=http://127.0.0.1:7070&path_style=true' > file",
          'of another server',
        ],
      ),
    );
}

async function get(address: string, { concurrency, retries }: GetOptions, io: Io): Promise<void> {
  const object = parseObjectAddress(address);
  const { s3, key } = object;
  const objects = openObjects(
    { ...s3, concurrency: concurrency ?? s3.concurrency },
    {},
    withRetries(retries),
  );
  try {
    const sidecar = await findSidecar(objects, object, io.signal);
    const hash = sidecar && createHash('md5');
    for await (const chunk of objects.get(key, { signal: io.signal })) {
      hash?.update(chunk);
      await write(io.stdout, chunk, io.signal);
    }
    const md5 = hash?.digest('hex');
    if (md5 === sidecar?.md5) return;
    throw new HoldfastError(
      'ArchiveCorrupt',
      `${objects.addressOf(key)} has the MD5 ${md5 ?? ''}, and should have ${sidecar?.md5 ?? ''} by ` +
        `${sidecar?.address ?? ''}. What was written to stdout is not what gof3r has stored.`,
    );
  } finally {
    objects.close();
  }
}
