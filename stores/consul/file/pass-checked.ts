import { HoldfastError } from '../../../workflows/contract/errors.ts';
import { createFileCheck, type FileFacts } from './check.ts';

export interface CheckedFile {
  /** They end only when the file is whole; else what `refuse` makes is thrown. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Valid once `bytes` has ended. */
  readonly facts: () => FileFacts;
}

/** Passes a snapshot of Consul on, and checks it on the way. */
export function passChecked(
  source: AsyncIterable<Buffer>,
  refuse: (what: string, cause?: unknown) => Error,
): CheckedFile {
  const check = createFileCheck({}, refuse);
  let found: FileFacts | undefined;

  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      await check.take(chunk);
      yield chunk;
    }
    found = await check.end();
  }

  return {
    bytes: bytes(),
    facts: () => {
      if (found === undefined) throw new HoldfastError('Defect', 'A snapshot was described before its end.');
      return found;
    },
  };
}
