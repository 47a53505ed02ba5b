import { HoldfastError } from '../workflows/contract/errors.ts';

/** One thing that is wrong in holdfast.yaml. `config check --json` gives them as they are; no secret is in them. */
export interface Mistake {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `jobs.consul-prod.keep.hourly`, `encrypt.recipients[0]`; empty for the file as a whole. */
  readonly path: string;
  /** `holdfast.yaml:12:7: jobs.a.keep.houry: unknown setting; did you mean `hourly`?` */
  readonly message: string;
}

export function configInvalid(file: string, mistakes: readonly Mistake[]): HoldfastError {
  const lines = mistakes.map(({ message }) => message);
  const [only] = lines;
  const text =
    lines.length === 1 && only !== undefined
      ? only
      : `${file} has ${lines.length} mistakes:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return new HoldfastError('ConfigInvalid', text, { details: { mistakes } });
}

/** The mistakes of a ConfigInvalid error, for `config check --json`. */
export function mistakesOf(error: HoldfastError): readonly Mistake[] {
  return (error.details['mistakes'] ?? []) as readonly Mistake[];
}
