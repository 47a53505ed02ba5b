/** What one round of one contender took. */
export interface Round {
  /** Seconds on the clock. */
  readonly wall: number;
  /** Seconds of processor time of its own processes; servers are not counted. */
  readonly cpu: number;
  /** Most bytes of memory that its own processes held; of several at once the sum. */
  readonly peak: number;
  /** Seconds that its steps took, by name, where it has steps. */
  readonly steps?: Readonly<Record<string, number>>;
}

/** One way to do the work, and what came of it in each round. */
export interface Contender {
  readonly name: string;
  /** Keys that it moved in one round, and the bytes of keys and values. */
  readonly keys: number;
  readonly bytes: number;
  readonly rounds: readonly Round[];
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  if (low === undefined || high === undefined) throw new Error('There is no median of nothing.');
  return (low + high) / 2;
}

/**
 * How many times as fast the one is as the other, by keys per second. Both took turns, so each round is compared
 * with its own neighbour: what disturbs the machine for a minute disturbs both sides.
 */
export function speedRatio(one: Contender, other: Contender): number {
  return median(
    one.rounds.map(({ wall }, index) => {
      const opposite = other.rounds[index];
      if (opposite === undefined) throw new Error(`${other.name} has no round ${index + 1}.`);
      return one.keys / wall / (other.keys / opposite.wall);
    }),
  );
}

/** The whole of a contender in single numbers: medians, but of memory the most. */
export function summary({ keys, bytes, rounds }: Contender) {
  const wall = median(rounds.map((round) => round.wall));
  return {
    wall,
    cpu: median(rounds.map(({ cpu }) => cpu)),
    peak: Math.max(...rounds.map(({ peak }) => peak)),
    keysPerSecond: keys / wall,
    bytesPerSecond: bytes / wall,
  };
}

/** Median seconds of each step, in the order in which they first came. */
export function stepSummary({ rounds }: Contender): Readonly<Record<string, number>> {
  const names = new Set(rounds.flatMap(({ steps = {} }) => Object.keys(steps)));
  return Object.fromEntries(
    [...names].map((name) => [name, median(rounds.flatMap(({ steps = {} }) => steps[name] ?? []))]),
  );
}

/** Contenders in the order of a round: each round begins with the next one. */
export function turn<T>(contenders: readonly T[], round: number): readonly T[] {
  const first = round % contenders.length;
  return [...contenders.slice(first), ...contenders.slice(0, first)];
}
