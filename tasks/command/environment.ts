import type { Account } from './account.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What programs expect of any environment. Nothing else of the worker's is passed on: it holds credentials. */
const passedOn = /^(PATH|LANG|LC_[A-Z]+|TZ|TMPDIR|HOME|USER|LOGNAME|SHELL)$/;

/** The environment of a command: the little that every program expects, who it is, and what the job sets. */
export function commandEnvironment(
  worker: Environment,
  account: Account | undefined,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const basics = Object.entries(worker).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && passedOn.test(entry[0]),
  );
  return {
    ...Object.fromEntries(basics),
    ...(account && { HOME: account.home, USER: account.name, LOGNAME: account.name }),
    ...env,
  };
}
