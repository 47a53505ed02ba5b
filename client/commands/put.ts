import type { Command } from 'commander';
import { withRetries } from '../../storage/s3/attempts.ts';
import { openObjects } from '../../storage/s3/objects.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { bytes as bytesText } from '../format.ts';
import { examples } from '../help.ts';
import type { Io } from '../io.ts';
import { parseObjectAddress } from '../object-address.ts';
import { globalOptions } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { attributesFrom } from '../streams/headers.ts';
import { produced } from '../streams/producer.ts';
import { putProven } from '../streams/put-proven.ts';
import { parseConcurrency, parsePartSize, parseRetries } from '../streams/size.ts';
import { splitAtDashes } from '../words.ts';

interface PutOptions {
  readonly header: readonly string[];
  readonly concurrency?: number;
  readonly partSize?: number;
  readonly retries?: number;
  readonly allowEmpty: boolean;
}

export function addPutCommand(program: Command, io: Io): void {
  program
    .command('put')
    .argument('<address>', 's3://bucket/key?endpoint=…&region=…&path_style=true; then, after --, a command')
    .argument('[command...]')
    .summary('store stdin, or what a command writes, as one object')
    .description(
      'Store stdin as one object of any size, read it back and compare. It appears whole, at the end, or not at all. ' +
        'A pipe does not tell when the program before it has failed: name that program after --, and nothing is ' +
        'stored unless it ends with 0.',
    )
    .usage('[options] <address> [-- <command> [arguments...]]')
    .option(
      '-m, --header <name:value>',
      'a header of the object, such as Content-Type:text/plain or x-amz-meta-a:b (may be repeated)',
      (header: string, headers: readonly string[]) => [...headers, header],
      [] as readonly string[],
    )
    .option('-c, --concurrency <count>', 'parts sent at once (default: 4)', parseConcurrency)
    .option('-s, --part-size <bytes>', 'bytes of a part, such as 20MiB (default: 8MiB)', parsePartSize)
    .option(
      '-r, --retries <count>',
      'how often a request that failed is made again (default: 11 for a part, 4 for others)',
      parseRetries,
    )
    .option('--allow-empty', 'store an object without bytes; else it is a failure', false)
    .action((address: string, _command: readonly string[], options: PutOptions, self: Command) =>
      put(address, splitAtDashes(program, self), options, globalOptions(self).json, io),
    )
    .addHelpText(
      'after',
      examples(
        ['holdfast put s3://bucket/data.tar -- tar c data', 'what tar writes, if it succeeds'],
        ['tar c data | holdfast put s3://bucket/data.tar', 'the same from a pipe'],
        ['holdfast put -m x-amz-server-side-encryption:AES256 s3://bucket/key < file', 'with a header'],
      ),
    );
}

async function put(
  address: string,
  words: ReturnType<typeof splitAtDashes>,
  options: PutOptions,
  json: boolean,
  io: Io,
): Promise<void> {
  if (words.before.length > 1)
    throw new HoldfastError('BadRequest', `${words.before.slice(1).join(' ')}: a command stands after --.`);
  const { s3, key } = parseObjectAddress(address);
  if (words.after.length === 0 && io.stdin.isTTY === true)
    throw new HoldfastError('BadRequest', 'stdin is a terminal: pipe into it, or name a command after --.');
  const { concurrency = s3.concurrency, partSize, retries } = options;
  const attributes = attributesFrom(options.header);
  const objects = openObjects(
    { ...s3, concurrency },
    { attributes, ...(partSize !== undefined && { firstPart: partSize }) },
    withRetries(retries),
  );
  try {
    const source = words.after.length > 0 ? produced(words.after, io) : (io.stdin as AsyncIterable<Buffer>);
    const stored = await putProven(objects, key, source, options.allowEmpty, io);
    const { bytes, sha256 } = stored;
    const told = `${stored.address}: ${bytesText(bytes)}, SHA-256 ${sha256}, read back and compared.`;
    await (json ? printJson(io, stored) : printLine(io, told));
  } finally {
    objects.close();
  }
}
