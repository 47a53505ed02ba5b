/** What a tar archive is made of, as it comes. */
export interface TarParts {
  begin(name: string, bytes: number): void;
  data(piece: Buffer): void;
}

/** Reads a tar archive of plain files, in pieces of any size. What is wrong is thrown as `refuse` makes it of the end of a sentence. */
export interface TarReader {
  take(bytes: Buffer): void;
  end(): void;
}

const block = 512;

export function createTarReader(parts: TarParts, refuse: (what: string) => Error): TarReader {
  /** Of a header that has not come as a whole. */
  let header = Buffer.alloc(0);
  let left = 0;
  let padding = 0;
  let ended = false;

  function begin(bytes: Buffer): void {
    if (bytes.every((byte) => byte === 0)) {
      ended = true;
      return;
    }
    const { name, size } = parse(bytes, refuse);
    left = size;
    padding = (block - (size % block)) % block;
    parts.begin(name, size);
  }

  return {
    take(bytes) {
      for (let at = 0; at < bytes.length;) {
        if (left > 0) {
          const piece = bytes.subarray(at, at + left);
          left -= piece.length;
          at += piece.length;
          parts.data(piece);
        } else if (padding > 0) {
          const skipped = Math.min(padding, bytes.length - at);
          padding -= skipped;
          at += skipped;
        } else if (ended) {
          if (bytes.subarray(at).some((byte) => byte !== 0)) throw refuse('has bytes behind its end');
          return;
        } else {
          const piece = bytes.subarray(at, at + block - header.length);
          at += piece.length;
          header = Buffer.concat([header, piece]);
          if (header.length < block) return;
          begin(header);
          header = Buffer.alloc(0);
        }
      }
    },
    end() {
      if (!ended) throw refuse('ends in the middle');
    },
  };
}

function parse(header: Buffer, refuse: (what: string) => Error) {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  const text = (start: number, end: number) => header.toString('latin1', start, end).replace(/[\0 ].*$/s, '');
  if (parseInt(text(148, 156), 8) !== sum) throw refuse('is damaged in the header of a file');
  const type = text(156, 157);
  const size = text(124, 136);
  if ((type !== '' && type !== '0') || !/^[0-7]+$/.test(size))
    throw refuse('holds something other than plain files');
  return { name: text(0, 100), size: parseInt(size, 8) };
}
