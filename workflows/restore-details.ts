import { setCurrentDetails } from '@temporalio/workflow';
import { restoreWorkflowId } from './contract/names.ts';
import type { Plan, PlanLine, RestoreReport } from './contract/restore.ts';
import { advice } from './failure.ts';
import { code, count, prose, table } from './markdown.ts';
import type { RestoreState } from './restore-state.ts';

/** Shows in the Temporal UI what a restore is at, what its plan is, and what a person can do now. */
export function showRestore(state: RestoreState): void {
  const parts = state.phase === 'standing by' ? standingBy(state) : atWork(state);
  if (state.notes.length > 0) parts.push(`**Not heeded**`, list(state.notes.map(prose)));
  setCurrentDetails(parts.join('\n\n'));
}

/** What stays to be read when the run has ended. */
export function showReport(report: RestoreReport): void {
  setCurrentDetails([...reportParts(report), ...(report.plan ? planParts(report.plan) : [])].join('\n\n'));
}

function standingBy({ job, last }: RestoreState): string[] {
  const request = `{"backup":"latest","prefix":"","mode":"missing-only"}`;
  return [
    `**Standing by** for a request to restore ${code(job)}.`,
    'To request one (it shows its plan first, and waits for an approval):',
    fence(
      `holdfast restore ${job}`,
      `temporal workflow signal --workflow-id ${restoreWorkflowId(job)} --name requestRestore --input '${request}'`,
    ),
    ...(last === undefined ? [] : ['---', 'The last one:', ...reportParts(last)]),
  ];
}

function atWork(state: RestoreState): string[] {
  const { job, phase, plan, current, pending, restoreId } = state;
  const parts = [`**${sentence(phase)}**: restore ${code(restoreId ?? '')} of ${code(job)}`];
  if (plan === undefined) parts.push(`Backup asked for: ${code(current?.backup ?? 'latest')}`);
  else {
    if (phase === 'waiting for approval') parts.push(...howToDecide(job, plan));
    parts.push(...planParts(plan));
  }
  if (pending.length > 0) parts.push(`${count(pending.length)} more waiting behind it.`);
  return parts;
}

function howToDecide(job: string, { digest }: Plan): string[] {
  const short = digest.slice(0, 12);
  const decide = `temporal workflow update execute --workflow-id ${restoreWorkflowId(job)}`;
  const signal = `temporal workflow signal --workflow-id ${restoreWorkflowId(job)}`;
  return [
    'Nothing is changed until this plan is approved by its digest:',
    fence(
      `holdfast approve ${job} ${short}`,
      `${decide} --name approve --input '{"digest":"${short}","by":"YOUR NAME"}'`,
      `${signal} --name approve --input '{"digest":"${short}"}'`,
    ),
    'To decline it:',
    fence(`holdfast decline ${job}`, `${decide} --name decline --input '{"by":"YOUR NAME","reason":"WHY"}'`),
  ];
}

function planParts(plan: Plan): string[] {
  const what = table(
    ['plan', ''],
    [
      ['backup', `${code(plan.backup)} of ${code(plan.job)}`],
      ['keys under', where(plan.from.prefix)],
      ['written to', `${where(plan.to.prefix)} of ${code(plan.toJob)}`],
      ['mode', code(plan.mode)],
      ['add', count(plan.add)],
      ['change', count(plan.change)],
      ['remove', count(plan.remove)],
      ['equal already', count(plan.equal)],
      ['left alone by this mode', count(plan.keep)],
      ['cannot be written', count(plan.refused)],
      ['digest', code(plan.digest)],
      ['all of it', code(plan.object)],
    ],
  );
  if (plan.examples.length === 0) return [what];
  const all = plan.add + plan.change + plan.remove + plan.refused;
  const shown =
    all > plan.examples.length ? `The first ${count(plan.examples.length)} of ${count(all)}:` : 'Key by key:';
  return [what, shown, table(['', 'key', ''], plan.examples.map(planRow))];
}

function planRow({ op, key, keyBase64, reason }: PlanLine): string[] {
  const name = key === undefined ? `${code(keyBase64 ?? '')} (base64)` : code(key);
  return [op, name, prose(reason ?? '')];
}

function reportParts(report: RestoreReport): string[] {
  const { outcome, restoreId, backup, failure, applied, proof, safetyBackup, decidedBy, reason, finishedAt } =
    report;
  const rows: [string, string][] = [
    ['restore', `${code(restoreId)}, ${finishedAt}`],
    ['backup', code(backup)],
  ];
  if (decidedBy !== undefined) rows.push(['decided by', prose(decidedBy)]);
  if (reason !== undefined) rows.push(['reason', prose(reason)]);
  if (safetyBackup !== undefined) rows.push(['safety backup', code(safetyBackup)]);
  if (applied !== undefined) {
    const { added, changed, removed, already, conflicts, refused } = applied;
    const wrong = conflicts + refused > 0 ? `; ${count(conflicts)} conflicts, ${count(refused)} refused` : '';
    rows.push([
      'written',
      `${count(added)} added, ${count(changed)} changed, ${count(removed)} removed, ${count(already)} found so${wrong}`,
    ]);
  }
  if (proof !== undefined) {
    const verdict = proof.differing === 0 ? 'all as planned' : `${count(proof.differing)} differ`;
    rows.push(['compared', `${count(proof.compared)} keys at index ${proof.storeIndex}: ${verdict}`]);
  }
  const heading = failure === undefined ? sentence(outcome) : `Failed: ${failure.code}`;
  const parts = [`**${heading}**`, table(['', ''], rows)];
  if (failure !== undefined) parts.push(prose(failure.message), `_${advice(failure)}_`);
  return parts;
}

function where(prefix: string): string {
  return prefix === '' ? 'the root (all keys)' : code(prefix);
}

function fence(...lines: string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

function sentence(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1).replaceAll('-', ' ');
}
