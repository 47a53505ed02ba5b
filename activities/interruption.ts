import type { HoldfastError } from '../workflows/contract/errors.ts';

/** Thrown by a step that was told to stop half-way, to say how far it came. */
export class StoppedHalfway extends Error {
  /** Small plain data: it goes into the history. */
  readonly done: unknown;
  /**
   * What it is where nobody asked for the stop, but the worker stops. Absent: another worker goes on with the step, so
   * it is no failure.
   */
  readonly failure: HoldfastError | undefined;

  constructor(
    message: string,
    done: unknown,
    options: ErrorOptions & { readonly failure?: HoldfastError } = {},
  ) {
    super(message, options);
    this.name = 'StoppedHalfway';
    this.done = done;
    this.failure = options.failure;
  }
}
