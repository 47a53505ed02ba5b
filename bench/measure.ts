import { readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';

/** What a tree of processes has used since it was first seen. */
export interface Usage {
  /** Seconds of processor time. */
  readonly cpu: number;
  /** Bytes: of the processes that were there at once, the sum of the most that each ever held in memory. */
  readonly peak: number;
}

interface Process {
  /** Ticks when it was first looked at, and when it was last there. */
  readonly firstTicks: number;
  readonly ticks: number;
}

/** Between two looks, in milliseconds: what a process does in its last moment is not seen. */
const interval = 20;
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Watches a process and its children through /proc, which only Linux has, until `stop`.
 * A process that is there at the first look counts from then on: of a worker that was started before, what it used
 * for its start is left out; its peak is its own from its beginning.
 */
export async function watchProcess(pid: number): Promise<{ stop(): Promise<Usage> }> {
  const seen = new Map<number, Process>();
  let peak = 0;
  const look = async () => {
    let together = 0;
    for (const id of await treeOf(pid)) {
      const now = await readProcess(id);
      if (now === undefined) continue;
      const before = seen.get(id);
      // The children of the watched process began under our eyes: all they used counts.
      const firstTicks = before?.firstTicks ?? (id === pid ? now.ticks : 0);
      seen.set(id, { firstTicks, ticks: now.ticks });
      together += now.peak;
    }
    peak = Math.max(peak, together);
  };
  await look();
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, interval);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await look();
      const all = [...seen.values()];
      return {
        cpu: all.reduce((sum, { ticks, firstTicks }) => sum + ticks - firstTicks, 0) / ticksPerSecond,
        peak,
      };
    },
  };
}

async function treeOf(pid: number): Promise<readonly number[]> {
  const children = await read(`/proc/${pid}/task/${pid}/children`);
  const below = (children ?? '').split(' ').filter((word) => word !== '');
  return [pid, ...(await Promise.all(below.map((child) => treeOf(Number(child))))).flat()];
}

/** Undefined where it has ended. */
async function readProcess(pid: number): Promise<{ ticks: number; peak: number } | undefined> {
  const [stat, status] = await Promise.all([read(`/proc/${pid}/stat`), read(`/proc/${pid}/status`)]);
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
  if (stat === undefined || peak === undefined) return undefined;
  return { ticks: ticksIn(stat), peak: Number(peak) * 1024 };
}

/** User and system time; the name of the program, in parentheses, may hold anything. */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
