import { z } from 'zod';
import type { Connection } from './connection.ts';
import { matches } from './patterns.ts';

const templates = z.object({
  index_templates: z
    .array(
      z.object({
        name: z.string(),
        index_template: z.object({
          index_patterns: z.array(z.string()).default([]),
          priority: z.number().default(0),
          data_stream: z.unknown(),
        }),
      }),
    )
    .default([]),
});

/** The index template by which the cluster would make an index of a name. */
export interface IndexTemplate {
  readonly name: string;
  /** Whether it makes data streams, and no indices. */
  readonly makesStreams: boolean;
}

const fields = [
  'name',
  'index_template.index_patterns',
  'index_template.priority',
  'index_template.data_stream',
]
  .map((field) => `index_templates.${field}`)
  .join(',');

/** Looks up the template of a name; `undefined` also where the credentials do not allow to look. */
export async function readTemplates(
  connection: Connection,
  signal: AbortSignal,
): Promise<(name: string) => IndexTemplate | undefined> {
  const request = { method: 'GET', path: `/_index_template?filter_path=${fields}`, signal } as const;
  const { index_templates: all } = await connection.read(templates, { ...request, accepted: [403] });
  const inOrder = all.toSorted((one, other) => other.index_template.priority - one.index_template.priority);
  return (name) => {
    const found = inOrder.find(({ index_template: { index_patterns: patterns } }) => matches(patterns, name));
    if (found === undefined) return undefined;
    return { name: found.name, makesStreams: found.index_template.data_stream !== undefined };
  };
}
