import { setCurrentDetails } from '@temporalio/workflow';
import type { Failure } from './contract/backup.ts';
import { isDamage, type ScrubDescription, type ScrubResult, type StoredFinding } from './contract/scrub.ts';
import { advice } from './failure.ts';
import { code, count, facts, page, prose, size, table, time } from './markdown.ts';

/** What the Temporal UI shows of a verification while it runs and after it. */
export interface VerifyDetails {
  described(description: ScrubDescription): void;
  finished(result: ScrubResult): void;
  failed(failure: Failure): void;
  cancelled(): void;
}

export function showVerify(job: string, reason: ScrubResult['reason']): VerifyDetails {
  const rows: [string, string][] = [
    ['job', code(job)],
    ['reason', reason],
  ];
  const show = (heading: string, ...parts: string[]): void =>
    setCurrentDetails(page(`**${heading}**`, ...parts, facts(rows)));

  return {
    described({ summary, slice }) {
      rows.push(['storage', code(summary)], ['slice', `${slice.number} of ${slice.of}`]);
      show('Reading stored backups back…');
    },
    finished(result) {
      const { findings, findingsInAll, failure } = result;
      rows.push(...resultRows(result));
      const found = findings.length === 0 ? [] : [findingsTable(findings, findingsInAll)];
      if (failure !== undefined)
        show('Backups are damaged', prose(failure.message), prose(advice(failure)), ...found);
      else if (findings.length === 0) show('Done: everything is as it was written');
      else show('Done: all backups are whole; something lies there that belongs to none', ...found);
    },
    failed: (failure) => show(`Failed: ${failure.code}`, prose(failure.message), prose(advice(failure))),
    cancelled: () => show('Cancelled'),
  };
}

function resultRows(result: ScrubResult): [string, string][] {
  const { backups = 0, objectsRead = 0, bytesRead = 0, damaged = 0, finishedAt } = result;
  return [
    ['backups', `${count(backups)}: manifests read, objects there in their size`],
    ['read back', `${count(objectsRead)} objects, ${size(bytesRead)}`],
    ['damaged', damaged === 0 ? 'none' : `**${count(damaged)}**`],
    ['finished', time(finishedAt)],
  ];
}

function findingsTable(findings: readonly StoredFinding[], inAll: number): string {
  const rows = findings.map((finding) => [
    isDamage(finding) ? `**${finding.kind}**` : finding.kind,
    code(finding.backup),
    code(finding.object),
    prose(finding.detail),
  ]);
  const rest = inAll > findings.length ? `\n\n… and ${count(inAll - findings.length)} more` : '';
  return `${table(['what', 'backup', 'object', ''], rows)}${rest}`;
}
