import type { RestoreMode } from '../workflows/contract/restore.ts';
import type { OldFileOptions } from './import-file.ts';
import type { GlobalOptions } from './options.ts';
import type { SourceOptions } from './sources.ts';

/** What `holdfast restore` was asked for on its command line. */
export interface RestoreOptions extends GlobalOptions, OldFileOptions, SourceOptions {
  /** Where the store is, where no configuration says it. */
  readonly store: readonly string[];
  /** A file of another tool, which becomes a backup first. */
  readonly from?: string;
  readonly prefix?: string;
  readonly toPrefix?: string;
  readonly toJob?: string;
  readonly mode?: RestoreMode;
  readonly whole: boolean;
  readonly indices?: string;
  readonly rename?: string;
  readonly inPlace?: 'close' | 'delete';
  readonly indexSetting: Readonly<Record<string, string>>;
  readonly keepLifecycle: boolean;
  readonly swapAliases: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly plan?: string;
  readonly safetyBackup: boolean;
  readonly wait: boolean;
  readonly direct: boolean;
}
