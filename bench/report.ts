import { speedRatio, stepSummary, summary, type Contender } from './statistics.ts';

/** One kind of work, done by Holdfast and by others, in turns. */
export interface Comparison {
  /** `Backup of 1,000,000 keys …` */
  readonly title: string;
  readonly ours: Contender;
  readonly peers: readonly Contender[];
}

const columns = ['', 'seconds', 'CPU s', 'keys/s', 'MB/s', 'peak MB', 'Holdfast is'];

/** A comparison as a table: medians of the rounds, and how many times as fast as each peer Holdfast is. */
export function comparisonText({ title, ours, peers }: Comparison): string {
  const rows = [
    rowOf(ours, ''),
    ...peers.map((peer) => rowOf(peer, `${ratioText(speedRatio(ours, peer))} as fast`)),
  ];
  const steps = Object.entries(stepSummary(ours)).map(([name, seconds]) => `${name} ${seconds.toFixed(1)} s`);
  return [
    title,
    '',
    ...table([columns, ...rows]),
    ...(steps.length > 0 ? ['', `  Steps: ${steps.join(', ')}`] : []),
    '',
  ].join('\n');
}

function rowOf(contender: Contender, ratio: string): readonly string[] {
  const { wall, cpu, peak, keysPerSecond, bytesPerSecond } = summary(contender);
  return [
    contender.name,
    wall.toFixed(wall < 10 ? 2 : 1),
    cpu.toFixed(cpu < 10 ? 2 : 1),
    whole(keysPerSecond),
    megabytes(bytesPerSecond),
    whole(peak / 1e6),
    ratio,
  ];
}

/** Lines with columns as wide as their widest cell: text to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `  ${cells.join('   ')}`.trimEnd();
  });
}

/** `1.04x`, `27x`. */
export function ratioText(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)}x`;
}

export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** Millions of bytes, without a unit. */
function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}
