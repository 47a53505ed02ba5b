import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HoldfastError } from '../../workflows/contract/errors.ts';

/** As whom a command runs. It has no supplementary groups. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Looks up `user` or `user:group`, each by name or number, where the machine looks: passwd, LDAP. A number that
 * nobody has is taken as it is, if a group is named too.
 *
 * @throws TaskFailed where there is no such user or group
 */
export async function findAccount(title: string, user: string): Promise<Account> {
  const [name = '', group] = user.split(':');
  const [found, gid] = await Promise.all([
    entry('passwd', name),
    group === undefined ? undefined : groupId(title, group),
  ]);
  if (found === undefined) {
    if (gid === undefined || !/^\d+$/.test(name)) throw unknown(title, 'user', name);
    return { name, uid: Number(name), gid, home: '/' };
  }
  const [login = name, , uid, ownGroup, , home = '/'] = found;
  return { name: login, uid: Number(uid), gid: gid ?? Number(ownGroup), home };
}

async function groupId(title: string, group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  const found = await entry('group', group);
  if (found === undefined) throw unknown(title, 'group', group);
  return Number(found[2]);
}

/** The fields of an entry, or nothing where `getent` knows none (exit status 2). */
async function entry(database: 'passwd' | 'group', key: string): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('getent', [database, key]);
    return stdout.trimEnd().split(':');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 2) return undefined;
    throw error;
  }
}

function unknown(title: string, what: string, name: string): HoldfastError {
  return new HoldfastError(
    'TaskFailed',
    `${title} was not started: the machine of the worker has no ${what} "${name}".`,
  );
}
