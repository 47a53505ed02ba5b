import { readFile } from 'node:fs/promises';
import { parseSource } from '../../config/document.ts';
import { expand, type Variables } from '../../config/template.ts';
import { definitionOf, type TaskDefinitionInput } from '../../tasks/ecs/task-definition-file.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/**
 * A task definition out of a file, with its templates filled in. What a variable holds cannot end the text that it
 * stands in. Commas behind the last item are taken: the files that people keep have them.
 *
 * @throws BadRequest, TemplateFailed
 */
export async function readTaskDefinition(file: string, env: Variables): Promise<TaskDefinitionInput> {
  const template = await readFile(file, 'utf8').catch((cause: unknown) => {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new HoldfastError('BadRequest', `${file} cannot be read (${why}).`, { cause });
  });
  const { text, unset } = expand(template, insideJson(env));
  if (unset.length > 0) {
    const names = unset.map((name) => `the variable ${name} is not set and has no default`);
    throw new HoldfastError('TemplateFailed', `${file}: ${names.join('; ')}.`);
  }
  // JSON is YAML, but for the commas: and its parser says where a mistake is.
  const { data, faults } = parseSource(text);
  if (faults.length > 0) {
    const found = faults.map(({ place, message }) => `${file}:${place.line}:${place.column}: ${message}`);
    throw new HoldfastError('BadRequest', found.join('\n'));
  }
  return definitionOf(data, file);
}

function insideJson(env: Variables): Variables {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value && JSON.stringify(value).slice(1, -1)]),
  );
}
