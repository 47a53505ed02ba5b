import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { catalogue } from '../../workflows/contract/errors.ts';

export const errorsPagePath = fileURLToPath(new URL('../../docs/errors.md', import.meta.url));

/** docs/errors.md, made from the catalogue so that the two cannot differ. */
export function errorsPage(): string {
  const sections = Object.entries(catalogue).map(
    ([code, entry]) =>
      `## ${code}\n\n${entry.meaning}\n\n` +
      `- Tried again by itself: ${entry.retryable ? 'yes' : 'no'}\n` +
      `- What to do: ${entry.action}\n` +
      `- Exit code of the command line: ${entry.exit}\n`,
  );
  return `${head}\n${sections.join('\n')}`;
}

const head = `# Errors

Every failure of Holdfast is one of these. The name stands in the Temporal UI as the failure's type, in the logs as
\`code\`, and with \`--json\` as \`error.code\` in the last line on stderr, which is one JSON document
(\`{"error":{"code":…,"message":…,"action":…,"exit":…}}\`). The message names the job, the address or the object.

Exit codes: 0 done; 1 failed; 2 bad usage or configuration, nothing was done; 3 what is stored is missing, damaged or
not proven; 4 declined, expired or refused before any change; 130 interrupted.
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(errorsPagePath, errorsPage());
