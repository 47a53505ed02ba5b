/**
 * Maps items in parallel and keeps their order. At most `ahead` results are under way or waiting, and while the
 * consumer works, the next item is being produced. Ending early ends the source.
 */
export async function* mapAhead<Item, Result>(
  source: AsyncIterable<Item>,
  ahead: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const iterator = source[Symbol.asyncIterator]();
  const results: Promise<Result>[] = [];
  let next = quiet(iterator.next());
  try {
    for (;;) {
      while (results.length < ahead) {
        const step = await next;
        if (step.done === true) {
          for (const result of results) yield await result;
          return;
        }
        results.push(quiet(map(step.value)));
        next = quiet(iterator.next());
      }
      const first = results.shift();
      if (first !== undefined) yield await first;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Hands every item on, the last one only after `check` has passed: who got all of them got them proven. */
export async function* provenBeforeLast<Item>(
  source: AsyncIterable<Item>,
  check: () => Promise<void>,
): AsyncGenerator<Item> {
  let held: { readonly item: Item } | undefined;
  for await (const item of source) {
    if (held !== undefined) yield held.item;
    held = { item };
  }
  await check();
  if (held !== undefined) yield held.item;
}

/** A failure counts when it is awaited in its turn; until then it must not end the process as unhandled. */
function quiet<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
