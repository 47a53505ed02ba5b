import { readBytes } from '../../archive/bytes.ts';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { timeOfBackupId } from '../../workflows/contract/names.ts';
import { duration } from '../format.ts';
import type { Io } from '../io.ts';
import { openBackup } from '../records.ts';
import type { OpenedSource } from '../sources.ts';
import { failed, type Finding, ok, warning } from './finding.ts';
import { readFirst } from './first.ts';

/** Finds the newest backup, and opens its data as a restore would. @throws what makes it unusable */
export async function checkNewest(source: OpenedSource, io: Io): Promise<readonly Finding[]> {
  try {
    const { manifest, object, bytes, options } = await openBackup(source, 'latest', io);
    // To read its beginning is enough to know that the identity opens it; `holdfast verify` reads all.
    await readFirst(readBytes(bytes, object, options));
    const age = duration(Math.max(0, Date.now() - timeOfBackupId(manifest.id).getTime()));
    const encrypted = object.encryption === 'none' ? 'not encrypted' : 'an identity of the job opens it';
    const there = ok('newest backup', `${manifest.id}, ${age} old; ${encrypted}`);
    const { suspicions = [] } = manifest;
    if (suspicions.length === 0) return [there];
    const action = `Look at it: holdfast diff ${source.job}. If it is right: holdfast trust ${source.job} ${manifest.id}`;
    return [there, warning('newest backup', `it is suspicious: ${suspicions.join('; ')}`, action)];
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'BackupNotFound') throw error;
    return [failed('newest backup', 'there is none', `Make one: holdfast backup ${source.job}`)];
  }
}
