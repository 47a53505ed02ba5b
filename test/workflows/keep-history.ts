import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { workflowBundle } from '../../worker/bundle.ts';

export const historiesFolder = join(import.meta.dirname, 'histories');

/**
 * Replays the history of a run that has just ended: whatever it went through, the workflow must decide the same
 * again. With HOLDFAST_RECORD=1 the history is also kept for the tests of later releases (replay.real.test.ts).
 */
export async function keepHistory(handle: WorkflowHandle, name: string): Promise<void> {
  const history = await handle.fetchHistory();
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: await workflowBundle() } },
    history,
    handle.workflowId,
  );
  if (process.env.HOLDFAST_RECORD !== '1') return;
  const text = JSON.stringify(withoutTraces(JSON.parse(historyToJSON(history))), null, 1);
  await writeFile(join(historiesFolder, `${name}.json`), `${text}\n`);
}

/** Where a recorder's code was and what its machine is called is nobody's business, and says nothing to a replay. */
function withoutTraces(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('holdfast@') ? 'recorder' : value;
  if (Array.isArray(value)) return value.map(withoutTraces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'stackTrace')
      .map(([name, part]) => [name, name === 'identity' ? 'recorder' : withoutTraces(part)]),
  );
}
