import { z } from 'zod';
import { configSchema } from './schema.ts';

/**
 * The configuration as a JSON Schema, for editors. Wider than the check in one respect: where a number, a boolean
 * or one of a few words is wanted, text with a template in it is allowed as well.
 */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      const scalar = jsonSchema.type === 'integer' || jsonSchema.type === 'boolean' || jsonSchema.enum;
      if (!scalar) return;
      const { description, default: fallback, ...plain } = jsonSchema;
      // Set by zod, and noise for people: every whole number is within it.
      for (const name of Object.keys(plain)) Reflect.deleteProperty(jsonSchema, name);
      if (plain.maximum === Number.MAX_SAFE_INTEGER) delete plain.maximum;
      jsonSchema.anyOf = [plain, { type: 'string', pattern: '\\$\\{.+\\}' }];
      if (description !== undefined) jsonSchema.description = description;
      if (fallback !== undefined) jsonSchema.default = fallback;
    },
  });
}
