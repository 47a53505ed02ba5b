/** Milliseconds that an answer of Temporal is good for: whoever asks more often costs it nothing. */
const keptFor = 5000;

/** Reads once for all who ask within that time. `read` must not fail. */
export function kept<T>(read: () => Promise<T>): () => Promise<T> {
  let last: { readonly until: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (last !== undefined && performance.now() < last.until) return last.answer;
    const answer = read();
    // One that is under way is shared, however long it takes.
    last = { until: Infinity, answer };
    void answer.then(() => (last = { until: performance.now() + keptFor, answer }));
    return answer;
  };
}
