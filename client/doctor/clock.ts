import { storeAddresses, type JobConfig } from '../../config/config.ts';
import { duration } from '../format.ts';
import { failed, type Finding, ok, warning } from './finding.ts';

/** Milliseconds that a server has to say what time it is. */
const patience = 5000;
/** Dates in headers are to the second. */
const resolution = 1000;
/** S3 refuses requests a quarter of an hour off; ids of backups are out of order long before. */
const [suspect, wrong] = [5000, 60_000];

const check = 'clock';
const action =
  'Let this machine keep its time by NTP (`chronyc tracking`, `timedatectl`), or that server: backups are named, kept and signed by it.';

/** Compares the clock of this machine with those of the servers that a job has to do with. */
export async function checkClock(
  job: Pick<JobConfig, 'store' | 'storage'>,
  now: () => number = Date.now,
): Promise<readonly Finding[]> {
  const told = await Promise.all(serversOf(job).map((address) => offsetOf(address, now)));
  const offsets = told.filter((offset) => offset !== undefined);
  const [first] = offsets.sort((one, other) => Math.abs(other.milliseconds) - Math.abs(one.milliseconds));
  if (first === undefined) return [];
  const { address, milliseconds } = first;
  const off = Math.abs(milliseconds);
  if (off <= suspect) return [ok(check, `within ${duration(Math.max(off, resolution))} of ${address}`)];
  const text = `${duration(off)} ${milliseconds > 0 ? 'ahead of' : 'behind'} ${address}`;
  return [off > wrong ? failed(check, text, action) : warning(check, text, action)];
}

function serversOf({ store, storage }: Pick<JobConfig, 'store' | 'storage'>): readonly string[] {
  const s3 = storage.kind === 's3' ? storage.s3 : undefined;
  const bucket = s3 && (s3.endpoint ?? `https://s3.${s3.region ?? 'us-east-1'}.amazonaws.com`);
  return [...(bucket === undefined ? [] : [bucket]), ...storeAddresses(store)];
}

/** Positive where this machine is ahead. Undefined where the server does not tell: others say whether it is there. */
async function offsetOf(address: string, now: () => number) {
  try {
    const before = now();
    const answer = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(patience) });
    await answer.body?.cancel();
    const told = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(told)) return undefined;
    const after = now();
    // Any time in that second, at any moment of the exchange, would have been right.
    const least = before - (told + resolution);
    const most = after - told;
    return { address, milliseconds: least > 0 ? least : most < 0 ? most : 0 };
  } catch {
    return undefined;
  }
}
