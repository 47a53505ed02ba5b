import type { Plan, PlanLine, RestoreMode } from './contract/restore.ts';
import { boundText } from './bound-text.ts';
import { countsText, documentsText, indexScope, unitOf } from './plan-unit.ts';
import { code, count, facts, prose, table } from './markdown.ts';

/** The digits that people compare and type. */
export function shortDigest({ digest }: Plan): string {
  return digest.slice(0, 12);
}

/** What a plan would change, in numbers; what stays zero and is not at stake is left out. */
export function planFacts(plan: Plan): string {
  const {
    job,
    toJob,
    backup,
    mode,
    from,
    to,
    add,
    change,
    remove,
    equal,
    keep,
    refused,
    bound,
    object,
    documents,
    whole,
  } = plan;
  const bold = (value: number): string => `**${count(value)}**`;
  const ofIndices = indexScope(plan);
  const inPlace = toJob === job && to.prefix === from.prefix;
  return facts([
    ['plan', code(shortDigest(plan))],
    ['add', bold(add)],
    ['change', bold(change)],
    ['remove', bold(remove)],
    ...(documents === undefined ? [] : [['documents', documentsText(documents, count)] as const]),
    ...(refused > 0 ? [['cannot be written', bold(refused)] as const] : []),
    ...(bound === undefined ? [] : [[`bound to a ${bound.to}`, boundText(bound)] as const]),
    ['equal already', count(equal)],
    ...(keep > 0 ? [['left alone', `${count(keep)}, since the mode is ${code(mode)}`] as const] : []),
    ...(whole === undefined
      ? []
      : [
          ['everything', `**all of Consul is replaced**: ${prose(countsText(whole.counts, count))}`] as const,
        ]),
    ...(whole?.warnings ?? []).map((warning) => ['mind', prose(warning)] as const),
    ...(ofIndices === undefined
      ? ([
          ['from', `backup ${code(backup)} of ${code(job)}, ${keysUnder(from.prefix)}`],
          ['to', inPlace ? `${code(toJob)}, in place` : `${code(toJob)}, ${keysUnder(to.prefix)}`],
          ['mode', `${code(mode)}: ${meaning[mode]}`],
        ] as const)
      : ([
          ['from', `backup ${code(backup)} of ${code(job)}`],
          ['to', code(toJob)],
          ['which', prose(ofIndices)],
        ] as const)),
    [`every ${unitOf(plan).one}`, `${code(object)} in the folder of ${code(job)}`],
  ]);
}

const meaning: Readonly<Record<RestoreMode, string>> = {
  'missing-only': 'adds what is not there, touches nothing else',
  overwrite: 'adds, and changes what differs',
  mirror: 'adds, changes, and removes what the backup does not have',
};

function keysUnder(prefix: string): string {
  return prefix === '' ? 'all keys' : `keys under ${code(prefix)}`;
}

/** The keys, those first that cannot be brought back by repeating: what is removed, then what is changed. */
export function planKeys(plan: Plan): readonly string[] {
  const { examples, add, change, remove, refused } = plan;
  if (examples.length === 0) return [];
  const totals = { remove, change, add, refuse: refused };
  const rows = (['remove', 'change', 'add', 'refuse'] as const).flatMap((op) => {
    const lines = examples.filter((line) => line.op === op);
    const more = totals[op] - lines.length;
    return [...lines.map(planRow), ...(more > 0 ? [[op, `… and ${count(more)} more`]] : [])];
  });
  return [table(['', ''], rows)];
}

function keyText({ key, keyBase64 }: Record<'key' | 'keyBase64', string | undefined>): string {
  return key === undefined ? `${code(keyBase64 ?? '')} (base64)` : code(key);
}

function planRow({ op, kind, key, keyBase64, from, index, reason }: PlanLine): string[] {
  const own = kind === undefined ? keyText({ key, keyBase64 }) : `${prose(kind)}: ${code(key ?? '')}`;
  const placed = index === undefined ? own : `${own} in ${code(index)}`;
  const name = from === undefined || from === key ? placed : `${placed}, from ${code(from)}`;
  return [op, reason === undefined ? name : `${name}: ${prose(reason)}`];
}
