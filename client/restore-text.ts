import { boundText } from '../workflows/bound-text.ts';
import { countsText, documentsText, indexScope, unitOf } from '../workflows/plan-unit.ts';
import type { Applied, Bound, Plan, PlanLine, Proof, RestoreReport } from '../workflows/contract/restore.ts';
import { counted, number } from './format.ts';
import { visible } from './visible.ts';

const marks: Readonly<Record<PlanLine['op'], string>> = { add: '+', change: '~', remove: '-', refuse: '!' };
/** Keys of each kind that are shown; the stored plan has all. */
const shown = 10;

/** The digits that people compare and type. */
export function shortDigest({ digest }: Plan): string {
  return digest.slice(0, 12);
}

export function planLines(plan: Plan): readonly string[] {
  const to = plan.toJob === plan.job ? '' : ` into job ${plan.toJob}`;
  return [
    `Plan ${shortDigest(plan)}: restore ${plan.job} from ${plan.backup}${to}${plan.indices ? '' : `, ${plan.mode}`}`,
    `  ${indexScope(plan) ?? scopeText(plan)}`,
    ...countLines(plan),
    ...(['add', 'change', 'remove', 'refuse'] as const).flatMap((op) => exampleLines(plan, op)),
    ...(isEmpty(plan)
      ? []
      : [`  Every ${unitOf(plan).one}: ${plan.object} in the folder of job ${plan.job}`]),
  ];
}

export function isEmpty({ add, change, remove, refused }: Plan): boolean {
  return add + change + remove + refused === 0;
}

function scopeText({ from, to, whole }: Plan): string {
  if (whole !== undefined) return 'ALL of Consul is replaced: what is not in the backup is lost';
  const source = from.prefix === '' ? 'all keys' : `the keys under ${visible(from.prefix)}`;
  if (from.prefix === to.prefix) return `${source}, in place`;
  return `${source}, written under ${to.prefix === '' ? 'the root' : visible(to.prefix)}`;
}

function countLines(plan: Plan): readonly string[] {
  const { add, change, remove, refused, equal, keep, bound, documents } = plan;
  const { one, many } = unitOf(plan);
  return [
    `  + ${number(add)} to add   ~ ${number(change)} to change   - ${number(remove)} to remove`,
    ...(plan.indices ? [] : [`  = ${number(equal)} as wanted already   ${number(keep)} left as they are`]),
    ...(documents === undefined ? [] : [`  documents: ${documentsText(documents, number)}`]),
    ...(refused > 0 ? [`  ! ${counted(refused, one, many)} that cannot be written`] : []),
    ...(plan.whole === undefined ? [] : [`  now, and after it: ${countsText(plan.whole.counts, number)}`]),
    ...(plan.whole?.warnings ?? []).map((warning) => `  ! ${warning}`),
    ...boundLines(bound),
  ];
}

function boundLines(bound: Bound | undefined): readonly string[] {
  return bound === undefined ? [] : [`  bound to a ${bound.to} when backed up: ${boundText(bound)}`];
}

function documentLines({ documents, already, droppedSettings }: Applied): readonly string[] {
  return [
    ...(documents === undefined
      ? []
      : [
          `  documents: ${number(documents)} written${already > 0 ? `, ${number(already)} found as wanted` : ''}`,
        ]),
    ...(droppedSettings === undefined
      ? []
      : [`  settings left out, which the cluster does not know: ${droppedSettings.map(visible).join(', ')}`]),
  ];
}

function exampleLines(plan: Plan, op: PlanLine['op']): readonly string[] {
  const total = { add: plan.add, change: plan.change, remove: plan.remove, refuse: plan.refused }[op];
  const lines = plan.examples.filter((line) => line.op === op).slice(0, shown);
  const more = total - lines.length;
  return [
    ...lines.map(
      (line) => `  ${marks[op]} ${keyText(line)}${line.reason === undefined ? '' : `  (${line.reason})`}`,
    ),
    ...(more > 0 && lines.length > 0 ? [`  ${marks[op]} … and ${number(more)} more`] : []),
  ];
}

function keyText({ kind, key, keyBase64, from, index }: PlanLine): string {
  if (kind !== undefined) return `${kind}: ${visible(key ?? '')}`;
  const own = key === undefined ? `base64:${keyBase64 ?? ''}` : visible(key);
  if (index !== undefined) return `${own}  in ${visible(index)}`;
  return from === undefined || from === key ? own : `${own}  from ${visible(from)}`;
}

function provenText({
  compared,
  documents,
  whole,
  samples = 0,
  notCounted = 0,
  aliases = [],
}: Proof): string {
  if (whole !== undefined) {
    const what = counted(compared, 'entry', 'entries');
    return `  proven: ${what} read back and compared, all equal; now, and in the backup: ${countsText(whole, number)}`;
  }
  if (documents === undefined)
    return `  proven: ${counted(compared, 'key')} read back and compared, all equal`;
  const indices = counted(compared, 'index', 'indices');
  const uncounted = notCounted === 0 ? '' : `; ${number(notCounted)} could not be counted exactly`;
  const moved = aliases.length === 0 ? '' : `; aliases moved: ${aliases.map(visible).join(', ')}`;
  return `  proven: ${indices} with ${counted(documents, 'document')}, ${number(samples)} of them compared, all equal${uncounted}${moved}`;
}

/** What came of a request that did not fail. */
export function reportLines(job: string, report: RestoreReport): readonly string[] {
  const { outcome, backup, applied, proof, safetyBackup, decidedBy, reason } = report;
  const by = decidedBy === undefined ? '' : ` by ${decidedBy}`;
  switch (outcome) {
    case 'restored':
      return [
        `${job} is restored from ${backup}${report.plan?.refused ? ', but for what cannot be written' : ''}.`,
        ...(applied
          ? [
              `  written: ${number(applied.added)} added, ${number(applied.changed)} changed, ${number(applied.removed)} removed`,
              ...documentLines(applied),
              ...boundLines(applied.bound),
            ]
          : []),
        ...(proof ? [provenText(proof)] : []),
        ...(safetyBackup === undefined ? [] : [`  what was before: backup ${safetyBackup}`]),
      ];
    case 'nothing-to-do':
      return [`Nothing to do: ${job} is as backup ${backup} has it.`];
    case 'dry-run':
      return ['Nothing was changed (--dry-run).'];
    case 'declined':
      return [
        `The plan was declined${by}${reason === undefined ? '' : ` (${reason})`}; nothing was changed.`,
      ];
    case 'expired':
      return ['Nobody approved the plan in time; nothing was changed.'];
    case 'failed':
      return [];
  }
}
