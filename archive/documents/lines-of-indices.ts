import { HoldfastError } from '../../workflows/contract/errors.ts';

const head = Buffer.from('{"index":"');
const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;

/**
 * Of the plain bytes of an archive of documents, the lines of the indices that are wanted, as they stand: how they are
 * defined, their documents, what they hold.
 */
export async function* linesOfIndices(
  plains: AsyncIterable<Buffer>,
  isWanted: (index: string) => boolean,
): AsyncGenerator<Buffer> {
  const known = new Map<string, boolean>();
  const isWantedName = (text: string): boolean => {
    const found = known.get(text) ?? isWanted(String(JSON.parse(`"${text}"`)));
    known.set(text, found);
    return found;
  };
  for await (const plain of plains) {
    const parts: Buffer[] = [];
    for (let start = 0; start < plain.length;) {
      const end = plain.indexOf(newline, start) + 1;
      if (end === 0 || plain.compare(head, 0, head.length, start, start + head.length) !== 0) {
        throw new HoldfastError('ArchiveCorrupt', 'A line of the archive does not begin with its index.');
      }
      const name = plain.toString('utf8', start + head.length, nameEnd(plain, start + head.length, end));
      if (isWantedName(name)) parts.push(plain.subarray(start, end));
      start = end;
    }
    if (parts.length > 0) yield Buffer.concat(parts);
  }
}

function nameEnd(line: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && line[at] !== quote) at += line[at] === backslash ? 2 : 1;
  return at;
}
