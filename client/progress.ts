import type { Progress } from '../workflows/contract/backup.ts';
import { bytes, duration, number } from './format.ts';
import type { Io } from './io.ts';
import { say } from './output.ts';

/** One line on stderr that shows how far the work is: rewritten in a terminal, repeated now and then elsewhere. */
export interface ProgressLine {
  update(progress: Progress): void;
  /** Takes the line away (in a terminal); call it before anything else is written, and at the end. */
  clear(): void;
}

const terminalEvery = 100;
const plainEvery = 10_000;

/** `now` gives milliseconds; tests bring their own. */
export function createProgressLine(io: Io, now: () => number = () => performance.now()): ProgressLine {
  const terminal = io.stderr.isTTY === true;
  const interval = terminal ? terminalEvery : plainEvery;
  let phase: Progress['phase'] | undefined;
  let phaseStarted = 0;
  let first: Progress | undefined;
  let shownAt = -Infinity;
  let visible = false;

  return {
    update(progress) {
      const time = now();
      if (progress.phase !== phase) {
        phase = progress.phase;
        phaseStarted = time;
        first = progress;
        shownAt = -Infinity;
      }
      if (time - shownAt < interval) return;
      shownAt = time;
      const line = progressText(progress, first ?? progress, time - phaseStarted);
      if (terminal) io.stderr.write(`\r\x1b[K${line.slice(0, (io.stderr.columns ?? 80) - 1)}`);
      else say(io, line);
      visible = terminal;
    },
    clear() {
      if (visible) io.stderr.write('\r\x1b[K');
      visible = false;
    },
  };
}

/** `reading  45%  12,345 records  1.2 MB  340 kB/s  12s left`. Rate and rest count from the first sight of the phase. */
export function progressText(progress: Progress, first: Progress, elapsed: number): string {
  const done = share(progress);
  const parts: string[] = [progress.phase];
  if (done !== undefined) parts.push(`${Math.floor(done * 100)}%`);
  if (progress.records > 0) parts.push(`${number(progress.records)} records`);
  if (progress.bytes > 0) parts.push(bytes(progress.bytes));
  const moved = progress.bytes - first.bytes;
  if (elapsed >= 1000 && moved > 0) parts.push(`${bytes(Math.round((moved * 1000) / elapsed))}/s`);
  const gained = (done ?? 0) - (share(first) ?? 0);
  if (done !== undefined && elapsed >= 1000 && gained > 0 && done < 1) {
    parts.push(`${duration(((1 - done) / gained) * elapsed)} left`);
  }
  return parts.join('  ');
}

/** How much is done, 0 to 1; undefined where no total is known. */
function share(progress: Progress): number | undefined {
  if (progress.bytesTotal) return Math.min(1, progress.bytes / progress.bytesTotal);
  if (progress.recordsTotal) return Math.min(1, progress.records / progress.recordsTotal);
  return undefined;
}
