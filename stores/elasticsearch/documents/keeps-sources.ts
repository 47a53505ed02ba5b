import { z } from 'zod';

const sourceMapping = z.object({
  _source: z
    .object({
      enabled: z.unknown(),
      mode: z.unknown(),
      includes: z.array(z.unknown()),
      excludes: z.array(z.unknown()),
    })
    .partial()
    .optional(),
});

/** Whether an index of these mappings keeps the very bytes that were indexed. */
export function keepsSources(mappings: unknown): boolean {
  const { _source: source } = sourceMapping.parse(mappings ?? {});
  const isPart = (source?.includes ?? []).length > 0 || (source?.excludes ?? []).length > 0;
  return !isPart && String(source?.enabled) !== 'false' && source?.mode !== 'disabled';
}
