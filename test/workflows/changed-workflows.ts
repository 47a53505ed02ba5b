import { sleep } from '@temporalio/workflow';
import { backup as today } from '../../workflows/backup.ts';
import type { BackupInput, BackupResult } from '../../workflows/contract/backup.ts';

/** For the negative control of replay.real.test.ts: it waits where no recorded run did. */
export async function backup(input: BackupInput): Promise<BackupResult> {
  await sleep(1000);
  return today(input);
}
