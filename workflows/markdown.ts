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

/** A sentence from outside: line breaks and table bars would break the layout. */
export function prose(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ');
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** 1234567 → 1,234,567. Without Intl: its data may differ between the workers that replay a run. */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** 1536 → 1.5 KiB. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
