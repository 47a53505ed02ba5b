import { createGunzip } from 'node:zlib';

/** Decompresses in pieces, and gives what comes out to a function that is not to keep it. */
export interface Gunzip {
  take(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
}

/** So much goes in at once, since each time costs a turn of another thread; what comes out is a thousand times as much at most. */
const most = 1 << 16;

export function createInflating(
  onBytes: (bytes: Buffer) => void,
  refuse: (what: string, cause: unknown) => Error,
): Gunzip {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  let failure: unknown;
  let received = 0;
  gunzip.on('data', (bytes: Buffer) => {
    if (failure !== undefined) return;
    try {
      onBytes(bytes);
    } catch (error) {
      failure = error;
    }
  });
  gunzip.on('error', (cause) => (failure ??= refuse(`cannot be decompressed: ${cause.message}`, cause)));
  let closed = false;
  let goOn = (): void => undefined;
  gunzip.on('close', () => {
    closed = true;
    // After an error, no callback of a write comes.
    goOn();
  });
  const check = (): void => {
    if (failure === undefined) return;
    gunzip.destroy();
    throw failure as Error;
  };
  return {
    async take(bytes) {
      received += bytes.length;
      for (let at = 0; at < bytes.length; at += most) {
        // What is written is read later, and the memory of `bytes` is used again.
        const piece = Buffer.from(bytes.subarray(at, at + most));
        await new Promise<void>((resolve) => {
          goOn = resolve;
          gunzip.write(piece, () => resolve());
        });
        check();
      }
    },
    async end() {
      gunzip.end();
      await new Promise<void>((resolve) => {
        goOn = resolve;
        if (closed) resolve();
      });
      check();
      const rest = received - gunzip.bytesWritten;
      if (rest > 0) throw refuse(`has ${rest} bytes behind its end`, undefined);
    },
  };
}
