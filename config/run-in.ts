import { z } from 'zod';
import type { RunIn } from './config.ts';
import type { Path } from './document.ts';
import { buildEcs, checkEcs, ecsSchema } from './ecs.ts';
import type { Finding } from './finding.ts';
import { text, wholeNumber } from './formats.ts';
import { isMapping, valueAt } from './settings.ts';

/** The settings of `run_in:`: those of tasks of ECS, but for what is Holdfast's own matter. */

const captureSchema = ecsSchema.omit({ count: true }).extend({
  container: text('the name of a container')
    .default('holdfast')
    .describe('The container of the task definition that has the image of Holdfast. Default: `holdfast`.'),
  retries: wholeNumber(0, 100)
    .default(3)
    .describe('How often another task takes the place of one that died before the capture was done.'),
});

export const runInSchema = z.strictObject({
  ecs: captureSchema.describe('A task of Amazon ECS, started for each backup (docs/ecs.md).'),
});

export function buildRunIn({ ecs: { container, ...ecs } }: z.output<typeof runInSchema>): RunIn {
  return { kind: 'ecs', container, ecs: buildEcs({ ...ecs, count: 1 }) };
}

/** What takes several settings together. */
export function checkRunIn(path: Path, job: Readonly<Record<string, unknown>>): readonly Finding[] {
  const { run_in: runIn, elasticsearch } = job;
  if (!isMapping(runIn) || !isMapping(runIn['ecs'])) return [];
  const { ecs } = runIn;
  const { container = 'holdfast' } = ecs;
  const findings = [...checkEcs([...path, 'run_in', 'ecs'], ecs)];
  const command = ['overrides', 'containers', String(container), 'command'];
  if (valueAt(ecs, command) !== undefined) {
    const text = `found a command for the container \`${String(container)}\`; expected none: Holdfast gives its own`;
    findings.push({ path: [...path, 'run_in', 'ecs', ...command], at: 'key', text });
  }
  if (isMapping(elasticsearch) && (elasticsearch['mode'] ?? 'snapshot') === 'snapshot') {
    const text =
      'found beside `mode: snapshot` (the default) of `elasticsearch`; expected it only where data pass through a worker: here the cluster itself stores them';
    findings.push({ path: [...path, 'run_in'], at: 'key', text });
  }
  return findings;
}
