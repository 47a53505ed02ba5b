import type { Progress } from './progress.ts';

/** One server of the development set: how its program is recognised, and how it is made where it is missing. */
export interface Tool {
  /** Also the name of its folder in the cache. */
  readonly name: string;
  readonly version: string;
  /** The program, relative to the folder that `build` fills. */
  readonly program: string;
  /**
   * How the program shows its version. One on PATH that shows the right one is used as it is. Absent where PATH does
   * not count: then the one in the cache is right by the name of its folder.
   */
  readonly shows?: {
    /** Arguments that make the program print its version and end. */
    readonly arguments: readonly string[];
    /** Matches that output for exactly this version. */
    readonly pattern: RegExp;
  };
  /** What a first build takes on two cores, for the person who waits. */
  readonly minutes: number;
  /** Fills the empty folder. Throws an error that says what failed and why. */
  build(folder: string, progress: Progress): Promise<void>;
}
