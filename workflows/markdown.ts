/** Pieces of the Markdown that the Temporal UI shows as a run's current details. */

const longest = 120;

/** A name from outside as a code span, safe in a table: nothing in it can break out and become Markdown. */
export function code(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  const visible = JSON.stringify(short)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll('`', "'")
    .replaceAll('|', '\\|');
  return `\`${visible === '' ? '(empty)' : visible}\``;
}

/** A sentence from outside: only its code spans count as Markdown; keys like `__x__` in it stay as they are. */
export function prose(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part.replaceAll('|', '\\|') : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\*_~[\]|`#<]/g, '\\$&');
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A table of names and what there is to say of each. */
export function facts(rows: readonly (readonly [name: string, fact: string])[]): string {
  // Beside a long fact the UI would break the words of a name into a column of single words.
  const whole = (name: string): string => name.replaceAll(' ', '\u00a0');
  return table(
    ['', ''],
    rows.map(([name, fact]) => [whole(name), fact]),
  );
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** Something to copy. The UI does not wrap its lines: keep them under 60 characters. */
export function fence(...lines: string[]): string {
  return ['```', ...lines, '```'].join('\n');
}

export function page(...parts: readonly string[]): string {
  // The frame of the UI ends a line too early; without one to spare it would hide the last.
  return [...parts, '\u00a0'].join('\n\n');
}

/** 1234567 → 1,234,567. Without Intl: its data may differ between the workers that replay a run. */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** 1536 → 1.54 kB: decimal, as the command line shows it. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3).replace(/\.0+$/, '')} ${units[unit] ?? ''}`;
}

/** `2026-11-22T04:15:00.123Z` → `2026-11-22 04:15:00 UTC`. */
export function time(iso: string): string {
  return iso.replace(/^(\S+)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');
}
