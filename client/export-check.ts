import { isUtf8 } from 'node:buffer';
import { refusalOfConsulate } from '../formats/consulate.ts';
import { fitsPath } from '../stores/consul/keys.ts';
import { HoldfastError } from '../workflows/contract/errors.ts';
import type { KeyRecord, RecordBatches } from '../workflows/contract/record.ts';
import { counted } from './format.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';
import { visible } from './visible.ts';

export interface ExportFormat {
  readonly format: 'consul-kv-export' | 'consulate';
  /** consulate: values as base64. */
  readonly base64: boolean;
}

/**
 * Reads all records, so that nothing is written that is not right and whole; says which keys the tool that takes the
 * file would make something else of.
 *
 * @throws BadRequest naming what the format cannot hold
 */
export async function checkExport(records: RecordBatches, options: ExportFormat, io: Io): Promise<void> {
  const refused = createNames();
  const altered = createNames();
  for await (const batch of records) {
    for (const record of batch) {
      const reason = refusal(record, options);
      if (reason !== undefined) refused.add(record, reason);
      else if (isAltered(record, options)) altered.add(record);
    }
  }
  if (refused.count > 0) {
    throw new HoldfastError(
      'BadRequest',
      `${counted(refused.count, 'key')} cannot be written as ${options.format}: ${refused.shown()}.`,
    );
  }
  const tool = options.format === 'consulate' ? 'consulate kv restore' : 'consul kv import';
  if (altered.count > 0)
    say(io, `\`${tool}\` refuses or renames ${counted(altered.count, 'key')} of these: ${altered.shown()}.`);
}

function refusal(record: KeyRecord, { format, base64 }: ExportFormat): string | undefined {
  if (!isUtf8(record.key)) return 'the key is not UTF-8';
  return format === 'consulate' ? refusalOfConsulate(record, base64) : undefined;
}

/**
 * What the tool that reads the file makes something else of. Both put keys into the path of a URL; consulate does not
 * escape them, writes the text `null` for null, and drops the slash at the end of a key that has a value.
 */
function isAltered({ key, value }: KeyRecord, { format }: ExportFormat): boolean {
  const name = key.toString();
  if (!fitsPath(name) || name.startsWith('/')) return true;
  return format === 'consulate' && (value === null || name.endsWith('/') || !/^[\w./-]+$/.test(name));
}

const mostNames = 20;

function createNames() {
  const names: string[] = [];
  let count = 0;
  return {
    add({ key }: KeyRecord, reason?: string) {
      count += 1;
      const name = isUtf8(key) ? visible(key.toString()) : `base64:${key.toString('base64')}`;
      if (names.length < mostNames) names.push(reason === undefined ? name : `${name} (${reason})`);
    },
    get count() {
      return count;
    },
    shown: () => `${names.join(', ')}${count > names.length ? ', …' : ''}`,
  };
}
