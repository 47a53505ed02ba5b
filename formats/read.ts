import { HoldfastError } from '../workflows/contract/errors.ts';
import { openBackinator } from './backinator.ts';
import { consulKvExportRow } from './consul-kv-export.ts';
import { consulRecurseRow } from './consul-recurse.ts';
import { consulateRow } from './consulate.ts';
import { gunzippedLines } from './etcd-aws.ts';
import { etcdV2Rows } from './etcd-v2.ts';
import { parseExactly } from './exact-json.ts';
import type { OldBackup, OldFile, OldReadOptions, Row, RowFormat, RowReader } from './format.ts';
import { inOrder } from './in-order.ts';
import { listElements } from './json-list.ts';

/**
 * Reads a file of another tool whole. Nothing is handed on before all of it was read and found right.
 *
 * @throws BadRequest where something must be said first; FileRefused
 */
export async function readOldBackup(
  file: OldFile,
  format: RowFormat,
  options: OldReadOptions,
): Promise<OldBackup> {
  const { rows, read } = opened(file, format, options);
  try {
    return { format, ...(await inOrder(parsed(file, rows, read), file.address)) };
  } catch (error) {
    if (!isGzipError(error)) throw error;
    throw new HoldfastError('FileRefused', `${file.address} cannot be decompressed: ${error.message}.`, {
      cause: error,
    });
  }
}

interface Opened {
  /** The bytes of each row. */
  readonly rows: AsyncIterable<readonly Buffer[]>;
  readonly read: RowReader;
}

function opened(file: OldFile, format: RowFormat, options: OldReadOptions): Opened {
  const { base64, passphrase, ignoreTrailing = false, now } = options;
  switch (format) {
    case 'consulate':
      if (base64 === undefined) {
        throw new HoldfastError(
          'BadRequest',
          `${file.address} is of consulate, and does not tell how its values are written: say --base64 if it was made ` +
            'with -b, --no-base64 if not.',
        );
      }
      return { rows: rowsOf(file, file.read()), read: consulateRow(base64) };
    case 'consul-recurse':
      return { rows: rowsOf(file, file.read()), read: consulRecurseRow };
    case 'consul-kv-export':
      return { rows: rowsOf(file, file.read()), read: consulKvExportRow };
    case 'consul-backinator':
      if (passphrase === undefined) {
        throw new HoldfastError(
          'BadRequest',
          `${file.address} is encrypted by consul-backinator: name a file with its passphrase, --passphrase-file.`,
        );
      }
      return { rows: rowsOf(file, openBackinator(file, passphrase)), read: consulRecurseRow };
    case 'etcd-backup':
      return { rows: rowsOf(file, file.read(), ignoreTrailing), read: etcdV2Rows(now) };
    case 'etcd-aws':
      return { rows: gunzippedLines(file.read()), read: etcdV2Rows(now) };
  }
}

async function* rowsOf(
  { address }: OldFile,
  bytes: AsyncIterable<Buffer>,
  ignoreTrailing = false,
): AsyncGenerator<readonly Buffer[]> {
  const refuse = (found: string) => new HoldfastError('FileRefused', `${address} ${found}.`);
  const { trailing } = yield* listElements(bytes, refuse);
  if (trailing === 0 || ignoreTrailing) return;
  throw refuse(
    `goes on behind its list, with ${trailing} bytes. etcd-backup leaves the end of a longer dump there; if that is ` +
      'what it is, say --ignore-trailing',
  );
}

async function* parsed({ address }: OldFile, rows: Opened['rows'], read: RowReader): AsyncGenerator<Row> {
  let number = 0;
  for await (const some of rows) {
    for (const bytes of some) {
      const row = ++number;
      const refuse = (found: string, cause?: unknown) =>
        new HoldfastError('FileRefused', `${address}: row ${row} ${found}.`, { cause });
      yield read(parse(bytes, refuse), bytes.toString(), refuse);
    }
  }
}

function parse(bytes: Buffer, refuse: (found: string, cause: unknown) => Error): unknown {
  try {
    return parseExactly(bytes);
  } catch (cause) {
    throw refuse('is not JSON in UTF-8', cause);
  }
}

function isGzipError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}
