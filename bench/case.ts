import type { Comparison } from './report.ts';

/** What came of one store of one size. */
export interface CaseResult {
  readonly tree: {
    /** What its values are like. */
    readonly values: string;
    readonly keys: number;
  };
  /** Of the machine, before the case began. */
  readonly load: number;
  readonly backup: Comparison;
  /** Absent where only backups were asked for. */
  readonly restore?: Comparison;
}
