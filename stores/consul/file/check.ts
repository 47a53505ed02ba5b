import { createHash, type Hash } from 'node:crypto';
import { NotMessagePack } from './msgpack.ts';
import { createInflating } from './gunzip.ts';
import { keyMessage } from './key-entry.ts';
import { type Thing, thingOf } from './kinds.ts';
import { createStateReader } from './state.ts';
import { createTarReader } from './tar.ts';

/** What a snapshot of Consul says of itself, and holds. */
export interface FileFacts {
  /** Of Raft, out of meta.json; decimal strings. */
  readonly index: string;
  readonly term: string;
  /** Of the format of Raft's snapshots. */
  readonly version: string;
  readonly id: string;
  /** How many there are of each kind of things; `keys` always. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Who reads along. Buffers are views. */
export interface FileListener {
  readonly onKey?: (bytes: Buffer) => void;
  readonly onThing?: (thing: Thing) => void;
}

/**
 * Checks a snapshot of Consul while it passes: a gzip of a tar of meta.json, state.bin and SHA256SUMS, as Consul
 * itself checks it before it restores it, and every message of state.bin besides.
 */
export interface FileCheck {
  /** Reads the bytes before it returns. */
  take(bytes: Buffer): Promise<void>;
  end(): Promise<FileFacts>;
}

/** @param refuse makes the error of the end of a sentence about the file */
export function createFileCheck(
  { onKey, onThing }: FileListener,
  refuse: (what: string, cause?: unknown) => Error,
): FileCheck {
  const counts = new Map<string, number>([['keys', 0]]);
  const count = (kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1);

  const state = createStateReader(
    (type, value) => {
      if (type === keyMessage) {
        count('keys');
        onKey?.(value);
        return;
      }
      const thing = readThing(type, value);
      if (thing === undefined) return;
      count(thing.kind);
      onThing?.(thing);
    },
    (what) => refuse(`holds a state that ${what}`),
  );

  function readThing(type: number, value: Buffer): Thing | undefined {
    try {
      return thingOf(type, value);
    } catch (error) {
      if (!(error instanceof NotMessagePack)) throw error;
      throw refuse(`holds a message of type ${type} that cannot be read: ${error.message}`, error);
    }
  }

  const files = new Map<string, { readonly hash: Hash; readonly bytes: number; text: string }>();
  let file = '';
  const tar = createTarReader(
    {
      begin(name, bytes) {
        if (!expected.has(name) || files.has(name))
          throw refuse(`holds ${JSON.stringify(name)} unexpectedly`);
        if (name !== 'state.bin' && bytes > mostText) throw refuse(`holds ${name} of ${bytes} bytes`);
        files.set(name, { hash: createHash('sha256'), bytes, text: '' });
        file = name;
      },
      data(piece) {
        const reading = files.get(file);
        reading?.hash.update(piece);
        if (file === 'state.bin') state.take(piece);
        else if (reading !== undefined) reading.text += piece.toString('latin1');
      },
    },
    (what) => refuse(what),
  );
  const gunzip = createInflating((bytes) => tar.take(bytes), refuse);

  return {
    take: (bytes) => gunzip.take(bytes),
    async end() {
      await gunzip.end();
      tar.end();
      for (const name of expected) if (!files.has(name)) throw refuse(`holds no ${name}`);
      checkSums(files, refuse);
      state.end();
      const meta = files.get('meta.json')?.text ?? '';
      // Not JSON.parse: an index may be larger than a number of JavaScript is exact.
      const number = (name: string) => new RegExp(`"${name}":(\\d+)`).exec(meta)?.[1];
      const [index, term, version, size] = ['Index', 'Term', 'Version', 'Size'].map(number);
      const id = /"ID":"([^"]*)"/.exec(meta)?.[1];
      if (index === undefined || term === undefined || version === undefined || id === undefined)
        throw refuse('holds a meta.json without index, term, version and id');
      if (size !== String(files.get('state.bin')?.bytes))
        throw refuse(`holds a state of another size than the ${size ?? '0'} bytes that meta.json says`);
      return { index, term, version, id, counts: Object.fromEntries([...counts].sort()) };
    },
  };
}

const expected: ReadonlySet<string> = new Set(['meta.json', 'state.bin', 'SHA256SUMS']);
/** Of meta.json and SHA256SUMS; Raft's configuration is in the first. */
const mostText = 1 << 20;

function checkSums(
  files: ReadonlyMap<string, { readonly hash: Hash; readonly text: string }>,
  refuse: (what: string) => Error,
): void {
  const sums = files.get('SHA256SUMS')?.text ?? '';
  for (const name of ['meta.json', 'state.bin']) {
    const said = sums
      .split('\n')
      .map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line))
      .find((line) => line?.[2] === name)?.[1];
    if (said === undefined) throw refuse(`holds no SHA-256 of ${name} in its SHA256SUMS`);
    const found = files.get(name)?.hash.digest('hex') ?? '';
    if (said !== found)
      throw refuse(`holds ${name} with the SHA-256 ${found}, and its SHA256SUMS says ${said}`);
  }
}
