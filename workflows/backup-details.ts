import { setCurrentDetails } from '@temporalio/workflow';
import type { BackupResult, Captured, Failure, JobDescription, Verified } from './contract/backup.ts';
import type { EcsTask } from './contract/ecs.ts';
import type { BackupReason } from './contract/manifest.ts';
import { ecsRows } from './ecs-rows.ts';
import { advice } from './failure.ts';
import { code, count, facts, page, prose, size, time } from './markdown.ts';

/** What the Temporal UI shows of a backup while it runs and after it. */
export interface BackupDetails {
  enters(phase: string): void;
  described(description: JobDescription): void;
  waits(restore: string): void;
  /** Tasks in ECS, which read the store, and have ended. */
  ranInEcs(tasks: readonly EcsTask[]): void;
  captured(captured: Captured): void;
  verified(verified: Verified): void;
  published(manifest: string): void;
  finished(result: BackupResult): void;
  failed(failure: Failure): void;
  cancelled(): void;
}

const nothingStored = 'No backup was made, and nothing of it is left in the storage.';

export function showBackup(job: string, id: string, reason: BackupReason): BackupDetails {
  const rows: [string, string][] = [
    ['backup', `${code(id)} of ${code(job)}`],
    ['reason', reason],
  ];
  let manifest: string | undefined;
  const show = (heading: string, ...parts: string[]): void =>
    setCurrentDetails(page(`**${heading}**`, ...parts, facts(rows)));
  const stored = (): string => (manifest === undefined ? nothingStored : 'The backup is published.');

  return {
    enters: (phase) => show(`${phase}…`),
    waits: (restore) =>
      show(
        `Waiting for ${code(restore)}`,
        'It writes to this store. The backup begins when that restore has ended, however it ends.',
      ),
    described: ({ summary, runIn }) => {
      rows.push(['from, to', code(summary)]);
      if (runIn !== undefined) rows.push(['read in ECS by', code(runIn.summary)]);
    },
    ranInEcs: (tasks) => rows.push(...tasks.flatMap(ecsRows)),
    captured: (captured) => rows.push(...capturedRows(captured)),
    verified: ({ bytesRead, verifiedAt, checks = [] }) =>
      rows.push(
        [
          'verified',
          `${size(bytesRead)} read back at ${time(verifiedAt)}: every digest and count as captured`,
        ],
        ...checks.map(({ name, outcome, detail }): [string, string] => [
          name,
          `${outcome === 'equal' ? 'equal' : '**not done**'}: ${prose(detail)}`,
        ]),
      ),
    published(where) {
      manifest = where;
      rows.push(['published', code(where)]);
    },
    finished({ pruned, pruneFailure, suspicions = [] }) {
      for (const why of suspicions) rows.push(['suspicious', prose(why)]);
      const list = pruned.map(code).join(', ');
      rows.push(['pruned', pruned.length === 0 ? 'nothing' : `${count(pruned.length)}: ${list}`]);
      if (pruneFailure === undefined)
        show(`Done: stored, read back and published${suspicions.length > 0 ? ', but suspicious' : ''}`);
      else show('Done, but old backups could not be removed', ...explained(pruneFailure));
    },
    failed: (failure) => show(`Failed: ${failure.code}`, ...explained(failure), stored()),
    cancelled: () => show('Cancelled', stored()),
  };
}

function capturedRows(captured: Captured): [string, string][] {
  const { content, moment, store, scope, objects, unchangedSince, leftOut, warnings = [] } = captured;
  const bytes = objects.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const rows: [string, string][] = [
    [
      store.kind === 'elasticsearch' ? 'documents' : 'keys',
      `**${count(content.records)}**${scope.prefix === '' ? '' : ` under ${code(scope.prefix)}`}`,
    ],
    ['size', `${size(content.bytes)}, stored as ${size(bytes)}`],
    ['moment', `index ${moment.index} of ${store.kind} ${store.version}`],
    ...(captured.snapshot
      ? [
          [
            'snapshot',
            `${code(captured.snapshot.name)} in the repository ${code(captured.snapshot.repository)}`,
          ] as [string, string],
        ]
      : []),
  ];
  if (moment.consistency === 'stale') rows.push(['consistency', 'stale read: may lag behind the leader']);
  if (unchangedSince !== undefined) {
    rows.push(['unchanged', `since ${code(unchangedSince)}, whose data this backup refers to`]);
  }
  for (const { reason, count: how, examples } of leftOut) {
    rows.push(['left out', `${count(how)}: ${prose(reason)} (${examples.slice(0, 5).map(code).join(', ')})`]);
  }
  for (const warning of warnings) rows.push(['warning', prose(warning)]);
  return rows;
}

function explained(failure: Failure): string[] {
  return [prose(failure.message), prose(advice(failure))];
}
