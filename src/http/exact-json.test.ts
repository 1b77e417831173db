// A number in JSON is read exactly, or refused.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExactJson, survives } from './exact-json.ts';

test.each([
  ['1', true],
  ['1.0', true],
  ['100.50', true],
  ['1e3', true],
  ['1E+3', true],
  ['0.1', true],
  ['-0', true],
  ['0e5', true],
  ['1e-7', true],
  ['9007199254740991', true],
  ['9007199254740993', false],
  ['0.1000000000000000055511151231257827', false],
  ['1e400', false],
  ['-1e400', false],
  ['1e-400', false],
  ['12345678901234567', false],
  ['10000000000000.01', true],
])('%s survives: %s', (literal, expected) => {
  expect(survives(literal, JSON.parse(literal) as number)).toBe(expected);
});

test('whatever JavaScript writes, it reads again', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parseExactJson(Buffer.from(JSON.stringify({ value })))).toMatchObject({
        ok: true,
        value: { value: value === 0 ? expect.closeTo(0) : value },
      });
    }),
  );
});

test('amounts of two decimals up to the bound always survive', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (minor) => {
      const literal = `${minor / 100n}.${(minor % 100n).toString().padStart(2, '0')}`;
      expect(parseExactJson(Buffer.from(`{"amount":${literal}}`)).ok).toBe(true);
    }),
  );
});

test('digits in strings do not matter', () => {
  expect(parseExactJson(Buffer.from('{"a":"12345678901234567890.123e5"}'))).toEqual({
    ok: true,
    value: { a: '12345678901234567890.123e5' },
  });
});

test.each([
  ['{"amount":1,"amount":100}', false],
  ['{"a":{"b":1,"b":1}}', false],
  ['[{"a":1},{"a":1,"\\u0061":2}]', false],
  ['{"__proto__":1,"__proto__":2}', false],
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', true],
  ['{"a:b":"c:\\"d:","e\\\\":":"}', true],
  ['{"__proto__":{"a":1}}', true],
  ['[":",{}]', true],
  ['":"', true],
])('names that occur twice in an object are refused: %s', (text, expected) => {
  expect(JSON.parse(text)).toBeDefined();
  expect(parseExactJson(Buffer.from(text))).toMatchObject(
    expected ? { ok: true } : { ok: false, problem: { code: 'duplicate_name' } },
  );
});

test('whatever has no name twice is read as it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseExactJson(Buffer.from(text))).toEqual({ ok: true, value: JSON.parse(text) });
    }),
  );
});
