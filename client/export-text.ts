import { consulKvExportText } from '../formats/consul-kv-export.ts';
import { consulateText } from '../formats/consulate.ts';
import type { RecordBatches } from '../workflows/contract/record.ts';
import type { ExportFormat } from './export-check.ts';

/** The text of the file, in parts. */
export async function* exportText(
  records: RecordBatches,
  { format, base64 }: ExportFormat,
): AsyncGenerator<string> {
  const text = format === 'consulate' ? consulateText : consulKvExportText;
  let before = text.start;
  for await (const batch of records) {
    let part = '';
    for (const record of batch) {
      part += before + text.row(record, base64);
      before = text.separator;
    }
    yield part;
  }
  yield before === text.start ? '[]\n' : text.end;
}
