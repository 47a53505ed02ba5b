import type { S3Settings } from '../../storage/settings.ts';
import { openS3 } from '../../storage/s3/s3.ts';
import { digest } from './bytes.ts';

/** Run as a process of its own: uploads so many MiB and reads them back, then tells the most memory it took. */
const settings = JSON.parse(process.env.SETTINGS ?? '') as S3Settings;
const mebibytes = Number(process.env.MEBIBYTES);
const chunk = Buffer.alloc(1024 * 1024, 'holdfast');

async function* synthetic(): AsyncGenerator<Buffer, void> {
  for (let i = 0; i < mebibytes; i++) {
    yield chunk;
    await Promise.resolve();
  }
  // Tells that it is in the middle, for the test that kills it there.
  if (process.env.HANG) {
    process.stdout.write('hangs\n');
    await new Promise(() => setInterval(() => undefined, 1000));
  }
}

const storage = openS3(settings);
const stored = await storage.put('data', synthetic(), { signal: new AbortController().signal });
const { bytes } = await digest(storage.get('data'));
await storage.close();
const peakMebibytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ stored: stored.bytes, read: bytes, peakMebibytes }));
