import type { ConnectionLike } from '@temporalio/client';
import { HoldfastError } from '../workflows/contract/errors.ts';
import { searchAttributes } from '../workflows/contract/names.ts';

/** temporal.api.enums.v1.IndexedValueType, of which Holdfast needs three. */
const types = { KEYWORD: 2, INT: 3, BOOL: 5 } as const;
const namesForPeople = { KEYWORD: 'Keyword', INT: 'Int', BOOL: 'Bool' } as const;

/**
 * Registers the search attributes that are not there yet; runs and schedules that name one cannot start before.
 * Returns the names it added. Throws ConfigInvalid, with the commands to type, where the server does not allow it.
 */
export async function registerSearchAttributes(
  { operatorService, workflowService }: Pick<ConnectionLike, 'operatorService' | 'workflowService'>,
  namespace: string,
): Promise<readonly string[]> {
  const missing = Object.entries(searchAttributes);
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const added = missing.filter(([name]) => !Object.hasOwn(customAttributes, name));
    if (added.length === 0) return [];
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(added.map(([name, type]) => [name, types[type]])),
    });
    return added.map(([name]) => name);
  } catch (error) {
    // Temporal Cloud, for one, keeps the operator service to itself; the attributes may be there all the same.
    if (await canBeAskedFor(workflowService, namespace)) return [];
    const reason = error instanceof Error ? error.message : String(error);
    const commands = missing.map(
      ([name, type]) =>
        `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${namesForPeople[type]}`,
    );
    throw new HoldfastError(
      'ConfigInvalid',
      `Temporal does not let Holdfast register its search attributes (${reason}). Have them created:\n${commands.join('\n')}`,
      { cause: error },
    );
  }
}

/** A query that names an attribute which is not registered is an error. */
async function canBeAskedFor(
  workflowService: ConnectionLike['workflowService'],
  namespace: string,
): Promise<boolean> {
  const examples = { KEYWORD: '"none"', INT: '0', BOOL: 'false' } as const;
  const terms = Object.entries(searchAttributes).map(([name, type]) => `${name} = ${examples[type]}`);
  return workflowService.countWorkflowExecutions({ namespace, query: terms.join(' AND ') }).then(
    () => true,
    () => false,
  );
}
