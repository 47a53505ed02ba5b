import type { IndexContent, IndexDefinition } from '../../workflows/contract/document.ts';
import type { Refusal } from '../refusal.ts';

/**
 * `{"index":"orders","kind":"index","mappings":{…},"settings":{…},"aliases":{…}}` and a newline. Spaces between the
 * parts of what the server gave are left out; numbers keep their digits.
 */
export function encodeDefinition({ index, kind, mappings, settings, aliases }: IndexDefinition): string {
  const json = (text: string) => JSON.stringify(parseExactly(text));
  return (
    `{"index":${JSON.stringify(index)},"kind":"${kind}",` +
    `"mappings":${json(mappings)},"settings":${json(settings)},"aliases":${json(aliases)}}\n`
  );
}

/** `{"index":"orders","documents":"2","bytes":"48","digest":"…"}` and a newline. */
export function encodeIndexContent({ index, documents, bytes, digest }: IndexContent): string {
  return `${JSON.stringify({ index, documents: String(documents), bytes: String(bytes), digest })}\n`;
}

/** Undefined where the line is of another kind. */
export function decodeDefinition(line: string, refuse: Refusal): IndexDefinition | undefined {
  const kind = /^\{"index":"(?:[^"\\]|\\.)*","kind":"(index|data stream)","mappings":/.exec(line)?.[1];
  if (kind === undefined) return undefined;
  const members = membersOf(line, refuse);
  const text = (name: string) => JSON.stringify(members.get(name) ?? {});
  return {
    index: String(members.get('index')),
    kind: kind === 'index' ? 'index' : 'data stream',
    mappings: text('mappings'),
    settings: text('settings'),
    aliases: text('aliases'),
  };
}

/** Undefined where the line is of another kind. */
export function decodeIndexContent(line: string): IndexContent | undefined {
  const pattern =
    /^\{"index":("(?:[^"\\]|\\.)*"),"documents":"(\d+)","bytes":"(\d+)","digest":"([0-9a-f]{64})"\}$/;
  const found = pattern.exec(line);
  if (found === null) return undefined;
  const [, index = '', documents, bytes, digest = ''] = found;
  return { index: String(JSON.parse(index)), documents: Number(documents), bytes: Number(bytes), digest };
}

/** What JSON.parse tells its reviver: newer than TypeScript's own types. */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
const exact = JSON as unknown as ExactJson;

function parseExactly(text: string): unknown {
  return exact.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined ? exact.rawJSON(source) : value,
  );
}

function membersOf(line: string, refuse: Refusal): ReadonlyMap<string, unknown> {
  try {
    return new Map(Object.entries(parseExactly(line) as object));
  } catch (cause) {
    throw refuse(`holds a line of an index that is no JSON: ${line.slice(0, 100)}`, cause);
  }
}
