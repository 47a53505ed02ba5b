// Jest runs tests in a context of their own, in which errors from Node itself (a reset connection, a missing file)
// are not `instanceof Error`. In production they are, and libraries rely on it: here they are too.
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return this === Error ? Error.isError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  },
});
