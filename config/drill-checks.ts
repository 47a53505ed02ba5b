import type { Path } from './document.ts';
import type { Finding } from './finding.ts';
import type { Judged } from './findings.ts';
import { keptMark } from './formats.ts';
import { nearest } from './nearest.ts';
import { isMapping, valueAt } from './settings.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** Where a drill may restore to: never what the job backs up. */
export function checkDrill(jobPath: Path, name: string, { data }: Judged): Finding[] {
  const scratch = valueAt(data, ['jobs', name, 'drill', 'scratch']);
  if (!isMapping(scratch)) return [];
  const path = [...jobPath, 'drill', 'scratch'];
  const { job: target, prefix } = scratch;
  if (typeof target !== 'string' || target.startsWith(keptMark)) return [];
  const jobs = valueAt(data, ['jobs']);
  const kind = kindOf(valueAt(data, ['jobs', name]));
  if (!isMapping(jobs) || kind === undefined) return [];
  if (kindOf(jobs[target]) !== kind) {
    const known = Object.keys(jobs).filter((other) => kindOf(jobs[other]) === kind);
    const meant = nearest(target, known);
    const hint = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
    const text = `found ${JSON.stringify(target)}; expected a job of the same kind of store (${known.join(', ')})${hint}`;
    return [{ path: [...path, 'job'], at: 'value', text }];
  }
  if (kind === 'elasticsearch') {
    if (prefix === undefined) return [];
    const text = 'found where indices are restored, which get names of their own; expected it only for keys';
    return [{ path: [...path, 'prefix'], at: 'key', text }];
  }
  if (prefix === undefined) {
    return [
      {
        path: [...path, 'prefix'],
        at: 'key',
        text: 'missing; keys are restored under a prefix of their own',
      },
    ];
  }
  return checkOverlap([...path, 'prefix'], storeOf(jobs, name, kind), storeOf(jobs, target, kind), prefix);
}

function checkOverlap(path: Path, own: Mapping, target: Mapping, prefix: unknown): Finding[] {
  const { prefix: live = '', mode } = own;
  if (typeof prefix !== 'string' || prefix.startsWith(keptMark) || typeof live !== 'string') return [];
  const shared = addressesOf(own).filter((address) => addressesOf(target).includes(address));
  if (shared.length === 0) return [];
  const whole = live === '' || (mode ?? 'keys') !== 'keys';
  if (!whole && !live.startsWith(prefix) && !prefix.startsWith(live)) return [];
  const what = whole ? 'everything' : `what is under ${JSON.stringify(live)}`;
  const text = `found ${JSON.stringify(prefix)} in the very store (${shared.join(', ')}) of which this job backs up ${what}; expected a place apart, such as another cluster`;
  return [{ path, at: 'value', text }];
}

const kinds = ['consul', 'etcd', 'elasticsearch'] as const;
type Kind = (typeof kinds)[number];

function kindOf(job: unknown): Kind | undefined {
  return isMapping(job) ? kinds.find((kind) => kind in job) : undefined;
}

function storeOf(jobs: Mapping, name: string, kind: Kind): Mapping {
  const store = valueAt(jobs, [name, kind]);
  return isMapping(store) ? store : {};
}

function addressesOf({ address, addresses, endpoints }: Mapping): readonly string[] {
  const all: readonly unknown[] = [address, addresses, endpoints].flat();
  return all.flatMap((one) => (typeof one === 'string' ? [one.replace(/\/$/, '').toLowerCase()] : []));
}
