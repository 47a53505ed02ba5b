/**
 * Cuts a JSON list into the bytes of its elements, some at a time. It only finds where they end: whoever takes them
 * parses them. Gives how many bytes came behind the list that are not white space.
 *
 * @throws what `refuse` makes where it is no list, or has no end
 */
export async function* listElements(
  bytes: AsyncIterable<Buffer>,
  refuse: (found: string) => Error,
): AsyncGenerator<readonly Buffer[], { readonly trailing: number }> {
  const scanner = createScanner(refuse);
  for await (const chunk of bytes) {
    const elements = scanner.push(chunk);
    if (elements.length > 0) yield elements;
  }
  return scanner.end();
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const [openBracket, closeBracket] = [0x5b, 0x5d];
const [openBrace, closeBrace] = [0x7b, 0x7d];
/** The bytes of the mark with which Windows tools begin a text. */
const mark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Far more than any row has: a file that is no list must not fill the memory. */
const largestElement = 64 * 1024 * 1024;

function createScanner(refuse: (found: string) => Error) {
  let state: 'before' | 'first' | 'next' | 'after' = 'before';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let trailing = 0;
  let offset = 0;
  /** The element under way, as far as it came in earlier chunks. */
  let waiting: Buffer[] = [];
  let waitingBytes = 0;

  function step(byte: number, at: number): 'begins' | 'ends' | 'goes on' {
    if (inString) {
      if (escaped) escaped = false;
      else if (byte === backslash) escaped = true;
      else if (byte === quote) inString = false;
    } else if (state === 'after') {
      if (!isSpace(byte)) trailing++;
    } else if (state === 'before') {
      if (byte === openBracket) return 'begins';
      if (!isSpace(byte) && byte !== mark[offset + at]) throw refuse('is no JSON list');
    } else if (depth === 0 && (byte === comma || byte === closeBracket)) return 'ends';
    else if (byte === quote) inString = true;
    else if (byte === openBracket || byte === openBrace) depth++;
    else if (byte === closeBracket || byte === closeBrace) depth--;
    if (depth < 0) throw refuse(`has a bracket too many at byte ${offset + at}`);
    return 'goes on';
  }

  /** The bytes of an element that has ended; `undefined` for the blank inside of `[]`. */
  function take(last: Buffer, isEnd: boolean, at: number): Buffer | undefined {
    const element = waiting.length === 0 ? last : Buffer.concat([...waiting, last]);
    const isBlank = element.every(isSpace);
    if (isBlank && !(isEnd && state === 'first')) throw refuse(`has an empty place at byte ${offset + at}`);
    waiting = [];
    waitingBytes = 0;
    state = isEnd ? 'after' : 'next';
    return isBlank ? undefined : element;
  }

  return {
    push(chunk: Buffer): readonly Buffer[] {
      const elements: Buffer[] = [];
      let start = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at] ?? 0;
        const found = step(byte, at);
        if (found === 'goes on') continue;
        const element =
          found === 'ends' ? take(chunk.subarray(start, at), byte === closeBracket, at) : undefined;
        if (found === 'begins') state = 'first';
        if (element !== undefined) elements.push(element);
        start = at + 1;
      }
      if (state === 'first' || state === 'next') {
        waiting.push(chunk.subarray(start));
        waitingBytes += chunk.length - start;
        if (waitingBytes > largestElement)
          throw refuse(`has an element of more than ${largestElement} bytes`);
      }
      offset += chunk.length;
      return elements;
    },
    end() {
      if (state === 'before') throw refuse('is empty');
      if (state !== 'after') throw refuse(`ends in the middle of its list, after ${offset} bytes`);
      return { trailing };
    },
  };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
