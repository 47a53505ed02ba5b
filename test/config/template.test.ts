import fc from 'fast-check';
import { expand } from '../../config/template.ts';

const variables = { A: 'value', EMPTY: '', NESTED: '${A}', 'odd-name.1': 'odd' };

describe('expand', () => {
  test.each([
    ['nothing to do', 'nothing to do'],
    ['${A}', 'value'],
    ['a${A}b${A}c', 'avaluebvaluec'],
    ['${A:-d}', 'value'],
    ['${EMPTY}', ''],
    ['${EMPTY:-d}', ''],
    ['${GONE:-d}', 'd'],
    ['${GONE:-}', ''],
    ['${GONE:-a:-b}', 'a:-b'],
    ['${GONE:-a b/c?d}', 'a b/c?d'],
    ['${GONE:-${A}}', '${A}'],
    ['${NESTED}', '${A}'],
    ['${odd-name.1}', 'odd'],
    ['$A', '$A'],
    ['$$A', '$$A'],
    ['$${A}', '$value'],
    ['${A', '${A'],
    ['{A}', '{A}'],
    ['100% ${A} %s', '100% value %s'],
    ['$&${A}$1', '$&value$1'],
    ['\\${A}', '${A}'],
    ['\\${A:-d}', '${A:-d}'],
    ['\\${GONE}', '${GONE}'],
    ['\\\\${A}', '\\value'],
    ['\\\\\\${A}', '\\${A}'],
    ['\\\\\\\\${A}', '\\\\value'],
    ['\\\\\\\\\\${A}', '\\\\${A}'],
    ['\\$A', '\\$A'],
    ['C:\\dir', 'C:\\dir'],
  ])('%j becomes %j', (text, expected) => {
    expect(expand(text, variables)).toMatchObject({ text: expected, unset: [] });
  });

  test('names variables without value and default, and leaves them as they stand', () => {
    expect(expand('${GONE} ${A} ${GONE} ${ALSO}', variables)).toEqual({
      text: '${GONE} value ${GONE} ${ALSO}',
      expanded: true,
      unset: ['GONE', 'ALSO'],
      defaulted: [],
    });
  });

  test('names variables whose default was taken', () => {
    expect(expand('${GONE:-a} ${A:-b} ${GONE:-c} ${EMPTY:-d} \\${NOT:-e}', variables)).toMatchObject({
      text: 'a value c  ${NOT:-e}',
      defaulted: ['GONE'],
    });
  });

  test('says whether anything took the place of a template', () => {
    expect(expand('\\${A} $A', variables).expanded).toBe(false);
    expect(expand('${GONE:-}', variables).expanded).toBe(true);
  });

  test('does not take what every object inherits for a variable', () => {
    expect(expand('${constructor} ${__proto__}', {}).unset).toEqual(['constructor', '__proto__']);
  });

  test('gives any value exactly, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(expand('<${X}>', { X: value }).text).toBe(`<${value}>`);
      }),
    );
  });
});
