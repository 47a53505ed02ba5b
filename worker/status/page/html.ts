/** Text that is HTML already. Whatever else is put into a page is escaped. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | readonly Part[];

/** Everything between the literal parts is escaped, wherever it stands; `undefined` is nothing. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: literals.reduce((text, literal, index) => text + textOf(parts[index - 1]) + literal) };
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string')
    return part.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
  if (typeof part === 'number') return String(part);
  return 'html' in part ? part.html : part.map(textOf).join('');
}
