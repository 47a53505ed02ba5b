import { expect, test } from '@jest/globals';
import { snapshotName, templateProblem } from '../../../stores/elasticsearch/snapshot-name.ts';

const id = '20261122T041509Z';

test.each([
  ['YYYY-MM-DD-HH-MM-SS_{name}', '2026-11-22-04-15-09_search-prod'],
  ['YYYY-MM-DD-HH-MM-SS_<name>', '2026-11-22-04-15-09_search-prod'],
  ['{name}-YYYYMMDDHHMMSS', 'search-prod-20261122041509'],
  ['{name}.{id}', 'search-prod.20261122t041509z'],
  ['Nightly-{name}-{id}', 'nightly-search-prod-20261122t041509z'],
])('38: %s', (template, name) => {
  expect(snapshotName(template, 'search-prod', id)).toBe(name);
  expect(templateProblem(template)).toBeUndefined();
});

test.each([
  ['YYYY-MM-DD_{name}', 'lacks a part of the time'],
  ['{name}', 'lacks a part of the time'],
  ['YYYY-MM-DD-HH-MM-SS', 'lacks {name}'],
  ['_{name}-{id}', 'begins with an underscore'],
  ['{name} {id}', 'holds " "'],
  ['{name}/{id}', 'holds "/"'],
  ['{job}-{name}-{id}', 'holds "{"'],
  [`{name}-{id}-${'x'.repeat(240)}`, 'longer than 255 bytes'],
])('a template that cannot be used: %s', (template, problem) => {
  expect(templateProblem(template)).toContain(problem);
});

test('a name that the server would refuse is refused before', () => {
  expect(() => snapshotName('{name}#{id}', 'search-prod', id)).toThrow(
    expect.objectContaining({ code: 'ConfigInvalid' }),
  );
});
