import { z } from 'zod';
import type { Path } from './document.ts';
import { configSchema } from './schema.ts';

/** The settings that the schema knows in the mapping at a path. */
export function namesAt(path: Path): readonly string[] {
  let schema: unknown = configSchema;
  for (const part of path) schema = below(bare(schema), part);
  const found = bare(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function below(schema: unknown, part: string | number): unknown {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, unknown>)[part];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}

/** Without defaults and the like; of several forms, the mapping. */
function bare(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return bare(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion)
    return schema.options.map(bare).find((option) => option instanceof z.ZodObject);
  return schema;
}
