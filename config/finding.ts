import type { Path } from './document.ts';

/** A mistake before its place in the file is looked up. */
export interface Finding {
  readonly path: Path;
  /** Whether it is about the name of the setting or what it is set to. */
  readonly at: 'key' | 'value';
  /** `found "2"; expected a whole number from 1`. */
  readonly text: string;
}
