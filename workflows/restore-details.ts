import { setCurrentDetails } from '@temporalio/workflow';
import { boundText } from './bound-text.ts';
import { restoreMessages, restoreWorkflowId } from './contract/names.ts';
import type { Plan, RestoreReport } from './contract/restore.ts';
import { advice } from './failure.ts';
import { code, count, facts, fence, list, page, prose, time } from './markdown.ts';
import { planFacts, planKeys, shortDigest } from './plan-details.ts';
import { countsText } from './plan-unit.ts';
import type { RestoreState } from './restore-state.ts';

/** Shows in the Temporal UI what a restore is at, what its plan is, and what a person can do now. */
export function showRestore(state: RestoreState): void {
  const parts = state.phase === 'standing by' ? standingBy(state) : atWork(state);
  if (state.notes.length > 0) parts.unshift('**Not heeded**', list(state.notes.map(prose)));
  setCurrentDetails(page(...parts));
}

/** What stays to be read when the run has ended. */
export function showReport(report: RestoreReport): void {
  const { plan } = report;
  setCurrentDetails(page(...reportParts(report), ...(plan ? [planFacts(plan), ...planKeys(plan)] : [])));
}

/** A cancelled run ends before it writes anything; one that has begun to write fails, and tells how far it came. */
export function showCancelled({ job, phase }: RestoreState): void {
  setCurrentDetails(
    page(
      `**Cancelled** while ${phase}. Nothing was changed, and nothing stands by for ${code(job)} any more.`,
      'To stand by again:',
      fence('holdfast start-schedule'),
    ),
  );
}

function standingBy({ job, last }: RestoreState): string[] {
  const request = `{"backup":"latest","mode":"missing-only"}`;
  return [
    `**Standing by** for a request to restore ${code(job)}.`,
    `To request one, here: More Actions, Send a Signal, ${code(restoreMessages.requestRestore)}, with an input like`,
    fence(request),
    'In a terminal:',
    fence(`holdfast restore ${job}`),
    fence(...command('signal', job, restoreMessages.requestRestore, request)),
    `Modes: ${code('missing-only')}, ${code('overwrite')}, ${code('mirror')}. It shows its plan first, and changes nothing before that is approved.`,
    ...(last === undefined ? [] : ['---', 'The last one:', ...reportParts(last)]),
  ];
}

function atWork(state: RestoreState): string[] {
  const { job, phase, plan, current, decision, pending, restoreId } = state;
  const parts = [`**${sentence(phase)}**: restore ${code(restoreId ?? '')} of ${code(job)}`];
  if (decision?.by !== undefined) parts.push(`Approved by ${prose(decision.by)}.`);
  if (pending.length > 0) parts.push(`${count(pending.length)} more waiting behind it.`);
  if (plan === undefined) return [...parts, `Backup asked for: ${code(current?.backup ?? 'latest')}`];
  const waiting = phase === 'waiting for approval' ? howToDecide(job, plan) : [];
  return [...parts, planFacts(plan), ...waiting, ...planKeys(plan)];
}

function howToDecide(job: string, plan: Plan): string[] {
  const digest = shortDigest(plan);
  const approval = `{"digest":"${digest}","by":"YOUR NAME"}`;
  return [
    `**Nothing is changed until this plan is approved.** Here: More Actions, Send an Update, ${code(restoreMessages.approve)}, with the input`,
    fence(approval),
    'In a terminal:',
    fence(`holdfast approve ${job} ${digest}`),
    fence(...command('update execute', job, restoreMessages.approve, approval)),
    `To decline it: the same with ${code(restoreMessages.decline)} and ${code('{"by":"YOUR NAME","reason":"WHY"}')}, or ${code(`holdfast decline ${job}`)}.`,
  ];
}

function command(verb: 'signal' | 'update execute', job: string, name: string, input: string): string[] {
  const id = restoreWorkflowId(job);
  return [`temporal workflow ${verb} \\`, `  --workflow-id ${id} --name ${name} \\`, `  --input '${input}'`];
}

function reportParts(report: RestoreReport): string[] {
  const { outcome, failure } = report;
  const rest = facts(reportRows(report));
  if (failure === undefined) return [`**${sentence(outcome)}**`, rest];
  return [`**Failed: ${failure.code}**`, prose(failure.message), prose(advice(failure)), rest];
}

function reportRows({
  restoreId,
  backup,
  applied,
  proof,
  safetyBackup,
  decidedBy,
  reason,
  finishedAt,
}: RestoreReport): [string, string][] {
  const rows: [string, string][] = [
    ['restore', `${code(restoreId)}, ended ${time(finishedAt)}`],
    ['backup', code(backup)],
  ];
  if (decidedBy !== undefined) rows.push(['decided by', prose(decidedBy)]);
  if (reason !== undefined) rows.push(['reason', prose(reason)]);
  if (applied !== undefined) {
    const { added, changed, removed, already, conflicts, refused, bound, documents, droppedSettings } =
      applied;
    const found = already > 0 ? `, ${count(already)} found so` : '';
    const wrong = conflicts + refused > 0 ? `; ${count(conflicts)} conflicts, ${count(refused)} refused` : '';
    rows.push([
      'written',
      `${count(added)} added, ${count(changed)} changed, ${count(removed)} removed${found}${wrong}`,
    ]);
    if (documents !== undefined) rows.push(['documents', `${count(documents)} written`]);
    if (droppedSettings !== undefined) {
      rows.push([
        'settings left out',
        `the cluster does not know them: ${droppedSettings.map(code).join(', ')}`,
      ]);
    }
    if (bound !== undefined) rows.push([`bound to a ${bound.to}`, boundText(bound)]);
  }
  if (proof !== undefined) {
    const verdict = proof.differing === 0 ? 'all as planned' : `**${count(proof.differing)} differ**`;
    rows.push([
      'compared',
      proof.documents === undefined
        ? `${count(proof.compared)} ${proof.whole ? 'entries' : 'keys'} at index ${proof.storeIndex}: ${verdict}`
        : `${count(proof.compared)} indices, ${count(proof.documents)} documents counted, ${count(proof.samples ?? 0)} compared: ${verdict}`,
    ]);
  }
  if (proof?.whole !== undefined)
    rows.push(['now, and in the backup', prose(countsText(proof.whole, count))]);
  if (safetyBackup !== undefined) rows.push(['what was before', `backup ${code(safetyBackup)}`]);
  return rows;
}

function sentence(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1).replaceAll('-', ' ');
}
