/** What to keep: the union of all rules, as restic's users know them. Hours, days and weeks are those of the time zone. */
export interface KeepPolicy {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
  /** Milliseconds before now. */
  readonly within?: number;
  /** Milliseconds that safety backups are kept; the other rules pass them over. */
  readonly safety: number;
  readonly timezone: string;
}
