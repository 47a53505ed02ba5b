import type { Progress } from './progress.ts';

/** One server of the development set: how its program is recognised, and how it is made where it is missing. */
export interface Tool {
  /** Also the name of its folder in the cache. */
  readonly name: string;
  readonly version: string;
  /** The program, relative to the folder that `build` fills. Its base name is looked for on PATH too. */
  readonly program: string;
  /** Arguments that make the program print its version and end. */
  readonly versionArguments: readonly string[];
  /** Matches that output for exactly this version. */
  readonly versionPattern: RegExp;
  /** What a first build takes on two cores, for the person who waits. */
  readonly minutes: number;
  /** Fills the empty folder. Throws an error that says what failed and why. */
  build(folder: string, progress: Progress): Promise<void>;
}
