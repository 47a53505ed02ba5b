/**
 * Starts a deadline; what it gives tells the milliseconds left. At least one second, so that an activity that starts
 * late still fails with its own timeout and says so.
 */
export function startDeadline(milliseconds: number): () => number {
  const end = Date.now() + milliseconds;
  return () => Math.max(1000, end - Date.now());
}
