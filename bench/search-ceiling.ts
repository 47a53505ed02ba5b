import type { Filled } from './fill.ts';
import { ask, documentsOf, emptyIndex } from './search-data.ts';
import type { Round } from './statistics.ts';

/*
 * What the cluster itself can give and take on this machine: a client asks that does nothing with the documents.
 * Processor time and memory are those of the client.
 */

const pageDocuments = 10_000;
const bulkBytes = 4 << 20;
/** Bulk requests at once, as many as a restore has. */
const lanes = 4;

/** Reads an index page after page. Of a page, only what tells where the next one begins is looked at. */
export async function measureReading(
  address: string,
  index: string,
  { keys, bytes: least }: Filled,
): Promise<Round> {
  const opened = await ask(address, 'POST', `/${index}/_search/point_in_time?keep_alive=10m`);
  const { pit_id: id } = opened as { readonly pit_id: string };
  const round = await measured(async () => {
    let bytes = 0;
    let after = '';
    for (let seen = 0; seen < keys; seen += pageDocuments) {
      const what = `"size":${pageDocuments},"track_total_hits":false,"version":true,"sort":["_doc"]`;
      const page = await send(`${address}/_search`, `{${what},"pit":{"id":"${id}"}${after}}`);
      after = `,"search_after":${page.subarray(page.lastIndexOf('"sort":') + 7, page.lastIndexOf(']') - 1).toString()}`;
      bytes += page.length;
    }
    if (bytes < least) throw new Error(`Pages of ${bytes} bytes cannot hold ${keys} documents.`);
  });
  await ask(address, 'DELETE', '/_search/point_in_time', JSON.stringify({ pit_id: [id] }));
  return round;
}

/** The requests that write so many documents, made before any clock runs. */
export function readyBulks(documents: number): readonly Buffer[] {
  const requests: Buffer[] = [];
  let lines: string[] = [];
  let bytes = 0;
  for (const { id, source } of documentsOf(documents)) {
    const line = `{"index":{"_id":"${id}","version":1,"version_type":"external"}}\n${source}\n`;
    lines.push(line);
    bytes += line.length;
    if (bytes < bulkBytes) continue;
    requests.push(Buffer.from(lines.join('')));
    lines = [];
    bytes = 0;
  }
  if (lines.length > 0) requests.push(Buffer.from(lines.join('')));
  return requests;
}

/** Sends them into a new index, until its documents can be searched. */
export async function measureWriting(
  address: string,
  index: string,
  requests: readonly Buffer[],
): Promise<Round> {
  await emptyIndex(address, index);
  const waiting = requests.values();
  const path = `${address}/${index}/_bulk?filter_path=errors`;
  const lane = async (): Promise<void> => {
    for (const body of waiting) {
      const answer = (await send(path, body)).toString();
      if (answer !== '{"errors":false}') throw new Error(`${path}: ${answer.slice(0, 300)}`);
    }
  };
  return measured(async () => {
    await Promise.all(Array.from({ length: lanes }, lane));
    await ask(address, 'POST', `/${index}/_refresh`);
  });
}

async function send(url: string, body: string | Buffer): Promise<Buffer> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url}: ${response.status} ${bytes.toString('utf8', 0, 300)}`);
  return bytes;
}

async function measured(work: () => Promise<void>): Promise<Round> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const wall = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS * 1024 };
}
