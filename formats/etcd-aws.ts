import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The lines of a gzip file, without their newlines: etcd-aws writes one node of etcd 2 in each. */
export async function* gunzippedLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[]> {
  const gunzip = createGunzip();
  pipeline(Readable.from(bytes), gunzip, () => undefined);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    const lines: Buffer[] = [];
    const waiting = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = waiting.indexOf(0x0a); end !== -1; end = waiting.indexOf(0x0a, start)) {
      if (end > start) lines.push(waiting.subarray(start, end));
      start = end + 1;
    }
    rest = waiting.subarray(start);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [rest];
}
