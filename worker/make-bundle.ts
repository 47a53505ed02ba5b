import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** Writes the workflow bundle into the file that its only argument names. bundle.ts runs it as a process of its own. */
const [, , file] = process.argv;
if (file === undefined) throw new Error('usage: node worker/make-bundle.ts FILE');
const { code } = await bundleWorkflowCode({
  workflowsPath: resolve(import.meta.dirname, '../workflows/index.ts'),
  logger: new DefaultLogger('WARN'),
  // The SDK keeps the map in memory, twice. Without sources and columns it is a tenth, and stacks tell the same lines.
  webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-cheap-module-source-map' }),
});
await writeFile(file, code);
