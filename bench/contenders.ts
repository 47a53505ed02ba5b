import type { Contender, Round } from './statistics.ts';
import { turn } from './statistics.ts';

/** Somebody who can do the work, once for each call. */
export interface Entrant extends Omit<Contender, 'rounds'> {
  readonly run: () => Promise<Round>;
}

/** Lets everybody do the work in turns, as often as there are rounds. */
export async function compete(
  entrants: readonly Entrant[],
  rounds: number,
  say: (text: string) => void,
): Promise<readonly Contender[]> {
  const done = new Map(entrants.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of turn(entrants, round)) {
      const result = await run();
      done.get(name)?.push(result);
      say(`  round ${round + 1} of ${rounds}: ${name}: ${result.wall.toFixed(1)} s`);
    }
  }
  return entrants.map(({ name, keys, bytes }) => ({ name, keys, bytes, rounds: done.get(name) ?? [] }));
}
