/** Thrown by a step that was told to stop half-way, to say how far it came. */
export class StoppedHalfway extends Error {
  /** Small plain data: it goes into the history. */
  readonly done: unknown;

  constructor(message: string, done: unknown, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoppedHalfway';
    this.done = done;
  }
}
