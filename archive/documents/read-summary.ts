import type { IndexContent, IndexDefinition } from '../../workflows/contract/document.ts';
import type { DataObject } from '../../workflows/contract/manifest.ts';
import type { ReadOptions } from '../archive.ts';
import type { ByteSource } from '../archive.ts';
import { cutFrames, openFrames, type OpenedFrames } from '../frame-reader.ts';
import { refusalOf, type Refusal } from '../refusal.ts';
import { collect } from '../source.ts';
import { decodeDefinition, decodeIndexContent } from './index-line.ts';
import { requireText } from './scan-document.ts';

/** An index of an archive, and what it holds. */
export interface ArchivedIndex extends IndexContent {
  readonly definition: IndexDefinition;
}

/**
 * What an archive of documents says of its indices, in the order of their names: only the frames at both its ends are
 * fetched. They are checked against their checksums (and seals, where encrypted), not against the SHA-256 of the whole.
 *
 * @throws ArchiveCorrupt, DecryptFailed
 */
export async function readSummary(
  source: ByteSource,
  object: DataObject,
  options: ReadOptions,
): Promise<readonly ArchivedIndex[]> {
  const refuse = refusalOf(options.address);
  options.signal?.throwIfAborted();
  const opened = await openFrames(source, object, options, refuse);
  const definitions = await readDefinitions(opened, refuse);
  const contents = await readContents(opened, refuse);
  if (contents.length !== definitions.length) {
    throw refuse(`defines ${definitions.length} indices, and says what ${contents.length} of them hold`);
  }
  return contents.map((content, position) => {
    const definition = definitions[position];
    if (definition?.index === content.index) return { ...content, definition };
    throw refuse(`says what the index ${content.index} holds where another one is expected`);
  });
}

async function readDefinitions(opened: OpenedFrames, refuse: Refusal): Promise<readonly IndexDefinition[]> {
  const found: IndexDefinition[] = [];
  for (let frame = 0; frame < opened.table.frames.length; frame++) {
    for (const line of linesOf(await readFrame(opened, frame, refuse))) {
      const definition = decodeDefinition(line, refuse);
      if (definition === undefined) return found;
      found.push(definition);
    }
  }
  return found;
}

/** From the last frame on, backwards. */
async function readContents(opened: OpenedFrames, refuse: Refusal): Promise<readonly IndexContent[]> {
  const found: IndexContent[] = [];
  for (let frame = opened.table.frames.length - 1; frame >= 0; frame--) {
    for (const line of Array.from(linesOf(await readFrame(opened, frame, refuse))).reverse()) {
      const content = decodeIndexContent(line);
      if (content === undefined) return found.reverse();
      found.push(content);
    }
  }
  return found.reverse();
}

async function readFrame(opened: OpenedFrames, index: number, refuse: Refusal): Promise<Buffer> {
  const frames = opened.table.frames.slice(index, index + 1);
  const [frame] = frames;
  if (frame === undefined) throw refuse('ends before its last frame');
  const stream = opened.stream.read(frame.start, frame.end);
  const plain = await collect(opened.decompress(cutFrames(stream, frames, Buffer.alloc(0), refuse)));
  requireText(plain, refuse);
  return plain;
}

function* linesOf(plain: Buffer): Generator<string> {
  for (let start = 0; start < plain.length;) {
    const end = plain.indexOf(0x0a, start);
    yield plain.toString('utf8', start, end);
    start = end + 1;
  }
}
