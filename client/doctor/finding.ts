import { catalogue, HoldfastError } from '../../workflows/contract/errors.ts';

/** What one check came to, in words for somebody who has to act. */
export interface Finding {
  /** What was looked at: `storage`, `schedule`. */
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
  /** What to do; where all is well, nothing. */
  readonly action?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, state: 'ok', text };
}

export function warning(check: string, text: string, action: string): Finding {
  return { check, state: 'warning', text, action };
}

export function failed(check: string, text: string, action: string): Finding {
  return { check, state: 'failed', text, action };
}

/** What a check threw is what is wrong. An interruption of the command is not. */
export async function found(
  check: string,
  signal: AbortSignal,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HoldfastError) return [failed(check, error.message, catalogue[error.code].action)];
    const message = error instanceof Error ? error.message : String(error);
    return [
      failed(check, message, 'This was not foreseen; `--debug` with the command that fails shows more.'),
    ];
  }
}
