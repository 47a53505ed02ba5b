import { readFileSync } from 'node:fs';
import { errorsPage, errorsPagePath } from './errors-page.ts';

test('docs/errors.md says what the catalogue says (after a change: node test/docs/errors-page.ts)', () => {
  expect(readFileSync(errorsPagePath, 'utf8')).toBe(errorsPage());
});
