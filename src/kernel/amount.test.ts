// Amounts at the edge: an accepted value means exactly what was written, and nothing is ever
// rounded.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addRatio,
  compareRatio,
  divideRatio,
  formatAmount,
  formatAmountText,
  formatRatio,
  MAX_AMOUNT_MINOR,
  multiplyRatio,
  parseAmount,
  parseRatio,
  reduceRatio,
  scaleDown,
  subtractRatio,
} from './amount.ts';

const scale = fc.integer({ min: 0, max: 6 });
const minor = fc.bigInt({ min: -MAX_AMOUNT_MINOR, max: MAX_AMOUNT_MINOR });

describe('an amount', () => {
  it('survives being written as a JSON number, as text, and as JSON text', () => {
    fc.assert(
      fc.property(minor, scale, (amount, decimals) => {
        expect(parseAmount(formatAmount(amount, decimals), decimals)).toBe(amount);
        expect(parseAmount(formatAmountText(amount, decimals), decimals)).toBe(amount);
        expect(
          parseAmount(
            JSON.parse(JSON.stringify(formatAmount(amount, decimals))) as number,
            decimals,
          ),
        ).toBe(amount);
      }),
    );
  });

  it('is read from any double as exactly what the double prints, or refused', () => {
    fc.assert(
      fc.property(fc.double(), scale, (value, decimals) => {
        const read = parseAmount(value, decimals);
        if (typeof read === 'string') return;
        expect(Number(formatAmountText(read, decimals))).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('with more decimals than its scale is refused, unless those are zeros', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        scale,
        fc.integer({ min: 1, max: 9 }),
        (whole, decimals, last) => {
          const text = formatAmountText(whole, decimals);
          const point = decimals === 0 ? '.' : '';
          expect(parseAmount(`${text}${point}000`, decimals)).toBe(whole);
          expect(parseAmount(`${text}${point}00${last}`, decimals)).toBe('too_many_decimals');
        },
      ),
    );
  });

  it('has a bound, and a sum over a platform may have a larger one', () => {
    expect(parseAmount('90071992547409931.23', 2)).toBe('too_large');
    expect(parseAmount('90071992547409931.23', 2, 10n ** 24n)).toBe(9_007_199_254_740_993_123n);
  });

  const cases = `
    written                     scale  read
    0                           2      0
    -0                          2      0
    0.29                        2      29
    1.005                       2      too_many_decimals
    1.10                        1      11
    007                         2      700
    10000000000000              2      1000000000000000
    10000000000000.01           2      too_large
    99999999999999999999999999  2      too_large
    -10000000000000.01          2      too_large
    1e3                         2      not_a_number
    0x10                        2      not_a_number
    1.                          2      not_a_number
    .5                          2      not_a_number
    +5                          2      not_a_number
    1,5                         2      not_a_number
    Infinity                    2      not_a_number
    NaN                         2      not_a_number
    ٣                           2      not_a_number`;
  it.each(table(cases))('written %s at scale %s is %s', (written, decimals, read) => {
    expect(String(parseAmount(written ?? '', Number(decimals)))).toBe(read);
  });

  const numbers: readonly [number, bigint | string][] = [
    [0.1 + 0.2, 'too_many_decimals'],
    [1e21, 'too_large'],
    [1e300, 'too_large'],
    [1e-7, 'too_many_decimals'],
    [5e-324, 'too_many_decimals'],
    [Number.NaN, 'not_a_number'],
    [Number.POSITIVE_INFINITY, 'not_a_number'],
    [Number.NEGATIVE_INFINITY, 'not_a_number'],
    [-0, 0n],
    [-1.5, -150n],
    [1e13, 10n ** 15n],
  ];
  it.each(numbers)('given as the number %d is %s', (value, read) => {
    expect(parseAmount(value, 2)).toBe(read);
  });

  it('surrounded by anything is refused', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/^[\d.-]*$/.test(text)),
        (around) => {
          expect(parseAmount(`${around}1`, 2)).toBe('not_a_number');
          expect(parseAmount(`1${around}`, 2)).toBe('not_a_number');
        },
      ),
    );
  });
});

describe('a ratio', () => {
  const decimal = fc
    .tuple(fc.bigInt({ min: 1n, max: 10n ** 9n }), fc.integer({ min: 0, max: 8 }))
    .map(([digits, decimals]) => formatAmountText(digits, decimals));

  it('multiplied and divided by the same gives the same', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const { numerator, denominator } = divideRatio(
          multiplyRatio(parseRatio(a), parseRatio(b)),
          parseRatio(b),
        );
        const exact = parseRatio(a);
        expect(numerator * exact.denominator).toBe(exact.numerator * denominator);
      }),
    );
  });

  it('added and taken away again is the same, and what is less than nothing is nothing', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const [x, y] = [parseRatio(a), parseRatio(b)];
        expect(compareRatio(subtractRatio(addRatio(x, y), y), x)).toBe(0);
        expect(compareRatio(addRatio(x, y), x)).toBe(1);
        expect(subtractRatio(x, addRatio(x, y)).numerator).toBe(0n);
      }),
    );
  });

  it('in lowest terms is the same ratio', () => {
    fc.assert(
      fc.property(decimal, decimal, fc.bigInt({ min: 1n, max: 10n ** 9n }), (a, b, factor) => {
        const ratio = divideRatio(parseRatio(a), parseRatio(b));
        const reduced = reduceRatio(ratio);
        expect(compareRatio(reduced, ratio)).toBe(0);
        expect(
          reduceRatio({
            numerator: ratio.numerator * factor,
            denominator: ratio.denominator * factor,
          }),
        ).toEqual(reduced);
      }),
    );
    expect(reduceRatio({ numerator: 0n, denominator: 7n })).toEqual({
      numerator: 0n,
      denominator: 1n,
    });
  });

  it('of an amount is rounded toward zero, by less than one unit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_AMOUNT_MINOR }), decimal, (amount, text) => {
        const ratio = parseRatio(text);
        const scaled = scaleDown(amount, ratio);
        expect(scaled * ratio.denominator).toBeLessThanOrEqual(amount * ratio.numerator);
        expect((scaled + 1n) * ratio.denominator).toBeGreaterThan(amount * ratio.numerator);
      }),
    );
  });

  it('is shown without needless zeros', () => {
    expect([
      formatRatio(divideRatio(parseRatio('1'), parseRatio('1.2'))),
      formatRatio(parseRatio('1.0')),
      formatRatio(parseRatio('100')),
      formatRatio(parseRatio('0.80')),
    ]).toEqual(['0.83333333', '1', '100', '0.8']);
  });

  it.each(['', '-1', 'one', '1e2', ' 1'])(
    'written "%s" is a defect of the configuration',
    (text) => {
      expect(() => parseRatio(text)).toThrow('not a decimal ratio');
    },
  );
});

function table(text: string): string[][] {
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));
}
