import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, ErrorCode, Node, YAMLMap } from 'yaml';

export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML file as plain data that still knows where everything stands. */
export interface SourceDocument {
  readonly data: unknown;
  /** Faults of the YAML itself; `data` means nothing then. */
  readonly faults: readonly { readonly place: Place; readonly message: string }[];
  /** Where a setting, or the nearest mapping around it, stands: its name (`key`) or what it is set to. */
  place(path: Path, at: 'key' | 'value'): Place;
}

export function parseSource(text: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const faults = [...document.errors, ...document.warnings, ...badAliases(document)].map((fault) => ({
    place: placeOf(fault.pos[0]),
    message: `${nameAt(text, fault)}${faultText[fault.code] ?? 'this is not valid YAML'}`,
  }));
  return {
    data: faults.length > 0 ? undefined : document.toJS({ maxAliasCount: -1 }),
    faults,
    place: (path, at) => placeOf(offsetOf(document, path, at)),
  };
}

/** Aliases without an anchor, or within their own: the parser leaves them to whoever uses the data. */
function badAliases(document: Document.Parsed): { code: ErrorCode; pos: readonly [number] }[] {
  const bad: { code: ErrorCode; pos: readonly [number] }[] = [];
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      const target = alias.resolve(document);
      if (target !== undefined && !ancestors.includes(target)) return;
      bad.push({ code: 'BAD_ALIAS', pos: [startOf(alias) ?? 0] });
    },
  });
  return bad;
}

const quotes = 'within { } and [ ], text with ${…} needs quotes';

/** The name that stands twice; nothing for other faults. */
function nameAt(text: string, fault: { readonly code: ErrorCode; readonly pos: readonly number[] }): string {
  if (fault.code !== 'DUPLICATE_KEY') return '';
  return `\`${/^[\w.-]{1,60}/.exec(text.slice(fault.pos[0]))?.[0] ?? 'a name'}\` `;
}

/** In our own words: the parser's messages quote the file, and what it quotes may be a secret. */
const faultText: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'this alias (`*name`) has no complete anchor (`&name`) before it',
  BAD_COLLECTION_TYPE: 'this tag does not fit what follows',
  BAD_DQ_ESCAPE: 'unknown backslash escape in "…"; use \'…\' for text with backslashes',
  BAD_INDENT: 'the indentation does not fit the lines before',
  BAD_SCALAR_START: 'text may not start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping within one line; put the text in quotes, or begin a new line',
  BLOCK_IN_FLOW: 'indented lines are not possible within { } or [ ]',
  DUPLICATE_KEY: 'stands twice in the same mapping',
  MISSING_CHAR: `a closing quote, bracket, comma or colon is missing here; ${quotes}`,
  MULTILINE_IMPLICIT_KEY: 'a name must stand on one line; a colon may be missing',
  MULTIPLE_DOCS: 'a second document (`---`) begins here; only one is allowed',
  TAB_AS_INDENT: 'a tab is used to indent; YAML wants spaces',
  TAG_RESOLVE_FAILED: 'unknown tag; text that starts with `!` needs quotes',
  UNEXPECTED_TOKEN: `something stands here that does not belong here; ${quotes}`,
};

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let key = startOf(document.contents) ?? 0;
  let value = key;
  for (const part of path) {
    const found = child(document, node, part);
    // A setting that is missing is reported where the mapping stands that should have it.
    if (found === undefined) return key;
    key = startOf(found.key) ?? key;
    value = startOf(found.value) ?? key;
    node = found.value;
  }
  return at === 'key' ? key : value;
}

function child(
  document: Document.Parsed,
  node: unknown,
  part: string | number,
): { key: unknown; value: unknown } | undefined {
  const resolved = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(resolved)) {
    const item = typeof part === 'number' ? resolved.items[part] : undefined;
    return item === undefined ? undefined : { key: item, value: item };
  }
  if (!isMap(resolved)) return undefined;
  return ownPair(resolved, part) ?? mergedPair(document, resolved, part);
}

function ownPair(map: YAMLMap, part: string | number): { key: unknown; value: unknown } | undefined {
  return map.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
}

/** A setting that came in through `<<: *anchor`. */
function mergedPair(
  document: Document.Parsed,
  map: YAMLMap,
  part: string | number,
): { key: unknown; value: unknown } | undefined {
  for (const { key, value } of map.items) {
    if (!isScalar(key) || key.source !== '<<') continue;
    for (const source of isSeq(value) ? value.items : [value]) {
      const found = child(document, source, part);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
