import { render } from '../../../client/templates/render.ts';

const variables = { DATABASE: 'db.example.com', MODE: 'debug', NULL: '' };

function rendered(template: string, strict = false) {
  const { bytes, problems } = render(Buffer.from(template), variables, strict);
  return problems.length > 0 ? problems : bytes.toString();
}

/** The templates and results are those of envplate's own tests (github.com/kreuzwerker/envplate, v1.0). */
describe('59: what envplate makes of its own test files', () => {
  test('values, set but empty, defaults, and what is no template', () => {
    const template = [
      'Database1=${DATABASE}',
      'Mode=${MODE}',
      'Null=${NULL}',
      'Database2=${DATABASE}',
      'Database3=$NOT_A_VARIABLE',
      'Database4=${ANOTHER_DATABASE:-db2.example.com}',
      'Database5=${DATABASE:-db2.example.com}',
      '',
    ];
    expect(rendered(template.join('\n')).toString().split('\n')).toEqual([
      'Database1=db.example.com',
      'Mode=debug',
      'Null=',
      'Database2=db.example.com',
      'Database3=$NOT_A_VARIABLE',
      'Database4=db2.example.com',
      'Database5=db.example.com',
      '',
    ]);
  });

  test('several in one line, and an empty default', () => {
    expect(
      rendered('1=${DATABASE} 2=${DATABASE} 3=${GONE:-db2-example.com} 4=${GONE:-db2-example.com}'),
    ).toBe('1=db.example.com 2=db.example.com 3=db2-example.com 4=db2-example.com');
    expect(rendered('EmptyDefault=${GONE:-}')).toBe('EmptyDefault=');
  });

  test.each(['${DATABASE}', '${DATABASE:-d}', '${GONE:-d}'])(
    'backslashes before %s: odd are literal, even are halved',
    (reference) => {
      const value = reference.includes('GONE') ? 'd' : 'db.example.com';
      expect([1, 2, 3, 4, 5, 6, 7].map((count) => rendered('\\'.repeat(count) + reference))).toEqual([
        reference,
        `\\${value}`,
        `\\${reference}`,
        `\\\\${value}`,
        `\\\\${reference}`,
        `\\\\\\${value}`,
        `\\\\\\${reference}`,
      ]);
    },
  );

  test.each([
    ['${GONE:-at the bar}', 'at the bar'],
    ['${GONE_3000:--1}', '-1'],
    ['${GONE:-http://www.example.com/bar/gar/war?a=b}', 'http://www.example.com/bar/gar/war?a=b'],
    ['${GONE:-${DATABASE}}', '${DATABASE}'],
  ])('the default of %s', (template, expected) => expect(rendered(template)).toBe(expected));
});

test('59: an unset variable without default is named', () => {
  expect(rendered('a=${GONE} b=${DATABASE} c=${GONE} d=${ALSO}')).toEqual([
    'the variable GONE is not set and has no default',
    'the variable ALSO is not set and has no default',
  ]);
});

test('59: strict takes no default', () => {
  expect(rendered('${GONE:-d}', true)).toEqual([
    'the variable GONE is not set, and --strict takes no default',
  ]);
  expect(rendered('${DATABASE:-d}${NULL:-d}\\${GONE:-d}', true)).toBe('db.example.com${GONE:-d}');
});

test('59: percent signs stay (envplate#56 garbled them)', () => {
  expect(rendered('100% %s %d ${DATABASE} %!v')).toBe('100% %s %d db.example.com %!v');
});

test('bytes that are no text stay, and values and names may be any text', () => {
  const template = Buffer.concat([
    Buffer.from([0xff, 0xfe, 0x00, 0x80]),
    Buffer.from('${größe}\r\n\u2028${größe}'),
  ]);
  const { bytes, problems } = render(template, { größe: '✓😀' }, false);
  expect(problems).toEqual([]);
  expect(bytes).toEqual(
    Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.from('✓😀\r\n\u2028✓😀')]),
  );
  expect(render(Buffer.from('${größe}'), {}, false).problems).toEqual([
    'the variable größe is not set and has no default',
  ]);
});
