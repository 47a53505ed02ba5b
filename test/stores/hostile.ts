/** A tree that breaks naive tools: every row stands for an error that some backup tool has had. */

export interface Plain {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

const values: readonly (readonly [key: string, value: Buffer | string | null])[] = [
  // Values.
  ['values/all bytes', allBytes],
  ['values/nul', '\0'],
  ['values/crlf', 'one\r\ntwo\r\n'],
  ['values/not utf-8', Buffer.from([0xff, 0xfe, 0x80, 0xc3, 0x28])],
  ['values/empty', ''],
  ['values/null', null],
  ['values/text null', 'null'],
  ['values/looks like base64', 'aGVsbG8='],
  ['values/template', '${HOME:-x} \\${Y} 100% {{ key "a" }}'],
  ['values/json', '{"Key":"},{\\"LockIndex\\":0,","Flags":18446744073709551615}'],
  ['values/replacement character', '\ufffd'],
  ['values/392000', Buffer.alloc(392_000, allBytes)],
  ['values/512 KiB', Buffer.alloc(512 * 1024, 'x')],
  // Folders.
  ['folder/', null],
  ['folder-with-value/', 'value'],
  ['folder//', 'two slashes'],
  ['folder//inner', 'behind two slashes'],
  // Paths.
  ['a//b', 'double'],
  ['a/b', 'single'],
  ['/', 'slash'],
  ['/lead', 'leading slash'],
  ['//', 'only slashes'],
  ['x/.', 'dot'],
  ['x/..', 'dots'],
  ['x/../y', 'dots inside'],
  ['../x', 'dots first'],
  ['.', 'a dot'],
  // Spaces and what URLs take for something else.
  [' lead', 'leading space'],
  ['trail ', 'trailing space'],
  [' ', 'a space'],
  ['sp ace', 'space'],
  ['a%20b', 'literal %20'],
  ['a b', 'what %20 decodes to'],
  ['enc%2Fslash', 'literal %2F'],
  ['enc/slash', 'what %2F decodes to'],
  ['..%2Fx', 'encoded dots'],
  ['%', 'percent'],
  ['%zz', 'no escape'],
  ['q?x=1', 'question mark'],
  ['h#frag', 'hash'],
  ['amp&er<sand>', 'html'],
  ['plus+plus', 'plus'],
  ['quote"quote', 'quote'],
  ['back\\slash', 'backslash'],
  ['back\\ufffd', 'a backslash and five letters'],
  ['${HOME}', 'template'],
  ['*', 'star'],
  // Control characters.
  ['tab\tkey', 'tab'],
  ['line\nkey', 'newline'],
  ['cr\rkey', 'carriage return'],
  ['nul\0key', 'nul'],
  ['\u007f', 'delete'],
  ['\u2028', 'line separator'],
  ['\ufeffbom', 'byte order mark'],
  // Unicode: two forms of one text are two keys.
  ['caf\u00e9', 'NFC'],
  ['cafe\u0301', 'NFD'],
  ['\u2713/\u{1f600}', 'emoji'],
  ['good\ufffd', 'a U+FFFD that stands in the key'],
  ['\u{10ffff}', 'the last code point'],
  // Names that plain objects lose.
  ['__proto__', 'prototype'],
  ['constructor', 'constructor'],
  // Siblings that a careless prefix takes too.
  ['app', 'app'],
  ['app/x', 'inside'],
  ['apple', 'sibling'],
  ['/myKey', 'my key'],
  ['/myKeyOther', 'my other key'],
  ['long/' + 'k'.repeat(2000), 'a long key'],
];

/** In ascending bytewise order of key. */
export const hostileTree: readonly Plain[] = values
  .map(([key, value]) => ({
    key: Buffer.from(key),
    value: value === null || Buffer.isBuffer(value) ? value : Buffer.from(value),
  }))
  .sort((one, other) => Buffer.compare(one.key, other.key));

/** Prefixes that a path of a URL cannot express, or that end within a name, and some that find nothing. */
export const hostilePrefixes: readonly string[] = [
  '',
  'app',
  'app/',
  'a//',
  'a/',
  '/',
  '//',
  '/my',
  'folder/',
  'folder//',
  'x/.',
  'x/..',
  '.',
  '..',
  '../',
  ' ',
  'trail ',
  'sp ',
  'a%20',
  '%',
  'enc%2F',
  '..%2F',
  'q?',
  'h#',
  'line\n',
  'nul\0',
  'caf\u00e9',
  'cafe',
  '\u2713/',
  '\ufeff',
  'back\\',
  '__proto__',
  'values/',
  'none of them',
];
