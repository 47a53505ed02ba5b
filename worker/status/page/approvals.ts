import type { JudgedBackup } from '../../../client/health.ts';
import { planLines, shortDigest } from '../../../client/restore-text.ts';
import { restoreWorkflowId } from '../../../workflows/contract/names.ts';
import { linked } from './cells.ts';
import { type Html, html } from './html.ts';
import type { Links } from './links.ts';

/** Restores that wait for somebody's approval, each with its plan and how to decide. */
export function approvals(jobs: readonly JudgedBackup[], links: Links): readonly Html[] {
  return jobs.flatMap(({ job: { name }, status: { restore } }) => {
    if (typeof restore === 'string' || restore.phase !== 'waiting for approval' || !restore.plan) return [];
    return html`<h2 id="restore-${name}">A restore of ${name} waits for approval</h2>
      <div class="card" role="group" aria-labelledby="restore-${name}">
        <pre>${planLines(restore.plan).join('\n')}</pre>
        <div class="ask">
          <p>Nothing is changed before somebody approves it:</p>
          <p><code>holdfast approve ${name} ${shortDigest(restore.plan)}</code></p>
          <p class="quiet small">
            Or <code>holdfast decline ${name}</code>, or the update <code>approve</code> in
            ${linked(links.run(restoreWorkflowId(name)), 'the Temporal UI')}.
          </p>
        </div>
      </div> `;
  });
}
