import type { Change, RegisterPlan } from '../../tasks/ecs/register.ts';

/** What a new revision changes, for people. */
export function changeLines({ definition, latest, changes }: RegisterPlan): readonly string[] {
  const { family = '' } = definition;
  if (latest === undefined) return [`${family}: has no active revision yet.`];
  if (changes.length === 0) return [`${family}: ${latest} says the same already.`];
  return [`${family}: differs from ${latest}:`, ...changes.map(withoutValues).flatMap(linesOf)];
}

/** The same for programs. */
export function registerJson(plan: RegisterPlan, registered: string | undefined, loose: readonly string[]) {
  const { definition, latest, changes } = plan;
  return {
    family: definition.family,
    latest: latest ?? null,
    changes: changes.map(withoutValues),
    registered: registered ?? null,
    looseImages: loose,
  };
}

function linesOf({ path, before, after }: Change): readonly string[] {
  return [
    `  ${path}`,
    ...(before === undefined ? [] : [`    - ${before}`]),
    ...(after === undefined ? [] : [`    + ${after}`]),
  ];
}

/** What a variable of the environment holds may be a secret. */
function withoutValues(change: Change): Change {
  if (!/\.environment\[[^\]]*\]\.value$/.test(change.path)) return change;
  const { path, before, after } = change;
  const hidden = '(not shown)';
  return { path, ...(before && { before: hidden }), ...(after && { after: hidden }) };
}
