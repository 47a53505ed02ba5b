import type { Step } from '../../activities/step.ts';
import type { Config } from '../../config/config.ts';
import type { Io } from '../io.ts';
import { say } from '../output.ts';
import { createProgressLine, type ProgressLine } from '../progress.ts';

/** Does the work with steps that this very process carries out, without Temporal, and shows how far they are. */
export async function withStep<Result>(
  config: Config,
  io: Io,
  work: (step: Step, line: ProgressLine) => Promise<Result>,
): Promise<Result> {
  const line = createProgressLine(io);
  const tell = (message: string): void => {
    line.clear();
    say(io, message);
  };
  try {
    const onProgress: Step['onProgress'] = (progress) => line.update(progress);
    return await work({ config, signal: io.signal, onProgress, log: { info: tell, warn: tell } }, line);
  } finally {
    line.clear();
  }
}
