import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Writes the workflow bundle into the file that its only argument names. bundle.ts runs it as a process of its own. */
const [, , file] = process.argv;
if (file === undefined) throw new Error('usage: node worker/make-bundle.ts FILE');
const { code } = await bundleWorkflowCode({
  workflowsPath: resolve(import.meta.dirname, '../workflows/index.ts'),
  logger: new DefaultLogger('WARN'),
});
await writeFile(file, code);
