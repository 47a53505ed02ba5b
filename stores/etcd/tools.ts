import { once } from 'node:events';
import { HoldfastError } from '../../workflows/contract/errors.ts';
import { spawnTied } from '../lifeline.ts';
import type { TiedProcess } from '../lifeline.ts';
import { findOnPath } from '../on-path.ts';

/** etcd's own programs: a snapshot is a file of theirs, and only they may say what it means. */
export type ToolName = 'etcd' | 'etcdutl';

export interface Tool {
  readonly name: ToolName;
  readonly path: string;
  /** `3.6.16` */
  readonly version: string;
}

/** `--bump-revision` of etcdutl, and what etcd reads of a snapshot, are those of this release. */
const oldest = [3, 6] as const;
const outputKept = 1024 * 1024;

/**
 * Finds a program on the PATH.
 *
 * @param purpose what it is needed for, as the end of a sentence: `to restore a snapshot`.
 * @throws ProgramMissing
 */
export async function findTool(name: ToolName, purpose: string, signal: AbortSignal): Promise<Tool> {
  const path = await findOnPath(name);
  if (path === undefined) {
    throw new HoldfastError(
      'ProgramMissing',
      `\`${name}\` is needed ${purpose}, and is not on the PATH of this machine. ` +
        `It is part of every release of etcd (https://github.com/etcd-io/etcd/releases).`,
      { details: { program: name } },
    );
  }
  const said = await runTool(path, name === 'etcd' ? ['--version'] : ['version'], signal);
  const version = /version: (\d+\.\d+\.\d+\S*)/i.exec(said)?.[1] ?? 'unknown';
  if (!isRecent(version)) {
    throw new HoldfastError(
      'ProgramMissing',
      `\`${name}\` ${oldest.join('.')} or later is needed ${purpose}; ${path} is version ${version}.`,
      { details: { program: name, version } },
    );
  }
  return { name, path, version };
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** Starts a program of etcd. It ends with this process at the latest. */
export function startTool(path: string, words: readonly string[]): TiedProcess {
  // What the worker has as ETCD_… is not meant for this program, which would refuse it or print it into its log.
  const names = Object.keys(process.env).filter((name) => /^ETCD/.test(name));
  return spawnTied([path, ...words], { env: Object.fromEntries(names.map((name) => [name, undefined])) });
}

/**
 * Runs a program of etcd to its end.
 *
 * @returns its standard output
 * @throws ProgramFailed with the last line that it wrote
 */
export async function runTool(path: string, words: readonly string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { child, stdout, stderr } = startTool(path, words);
  const output = keepLast(stdout);
  const complaints = keepLast(stderr);
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code === 0) return output();
  const ending = killedBy === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${killedBy}`;
  throw new HoldfastError(
    'ProgramFailed',
    `\`${[path, ...words].join(' ')}\` ${ending}: ${reasonOf(complaints())}`,
  );
}

function keepLast(stream: TiedProcess['stdout']): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => (text = (text + more).slice(-outputKept)));
  return () => text;
}

/** etcdutl ends with `Error: …`; a panic of Go begins with its reason. */
export function reasonOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.findLast((one) => /^(Error|panic): /.test(one)) ?? lines.at(-1) ?? 'it said nothing';
  return line.slice(0, 500);
}
