import { hostname, userInfo } from 'node:os';
import type { Io } from './io.ts';

/** Who does it, for the record: a name that people recognise, not a proof. */
export function whoAmI({ env }: Pick<Io, 'env'>): string {
  return `${env['USER'] ?? env['LOGNAME'] ?? userInfo().username}@${hostname()}`;
}
