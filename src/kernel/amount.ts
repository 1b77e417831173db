// Exact arithmetic on amounts: minor units as bigint inside, decimals with at most `scale` digits
// at the edge.

import { assert } from './assert.ts';

/**
 * Largest amount a caller may name, and largest balance a member may hold: 10^15 minor units (exact
 * in an IEEE double).
 */
export const MAX_AMOUNT_MINOR = 10n ** 15n;

/** Why a value is not an amount; the API turns each into its own sentence. */
export type AmountFault = 'not_a_number' | 'too_many_decimals' | 'too_large';

/** An exact non-negative fraction, for rates and values; never a float. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/**
 * Reads a JSON number or a decimal string as minor units. Refuses rather than rounds. A number is
 * read by its shortest decimal form, which is what the sender wrote for every value within the
 * bound.
 *
 * @param value a JSON number or a string such as "12.50"; exponents are refused in strings
 * @param scale decimals of the asset, 0..6
 * @param maxMinor bound of what is being read; sums over a platform may be larger than any amount,
 * and are read from text
 */
export function parseAmount(
  value: number | string,
  scale: number,
  maxMinor = MAX_AMOUNT_MINOR,
): bigint | AmountFault {
  const match = DECIMAL.exec(typeof value === 'number' ? plainDecimal(value) : value);
  if (match === null) return 'not_a_number';
  const [, sign, whole = '', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > scale) return 'too_many_decimals';
  const minor = BigInt(whole + digits.padEnd(scale, '0'));
  if (minor > maxMinor) return 'too_large';
  return sign === '-' ? -minor : minor;
}

/**
 * Number → decimal text without exponent. JavaScript writes exponents from 10^21 up and from 10^-7
 * down: both are out of bounds here.
 */
function plainDecimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) >= 1 ? BigInt(value).toString().slice(0, 30) : '0.0000001';
}

/**
 * Minor units → JSON number; exact within ±10^15 minor units. Larger sums (whole-network totals) go
 * through `formatAmountText`.
 */
export function formatAmount(minor: bigint, scale: number): number {
  return Number(formatAmountText(minor, scale));
}

/** Minor units → decimal text with exactly `scale` decimals, e.g. (-5n, 2) → "-0.05". */
export function formatAmountText(minor: bigint, scale: number): string {
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * Decimal text such as "0.01" or "1.2" → exact ratio. Throws on anything else: ratios come from
 * validated configuration.
 */
export function parseRatio(text: string): Ratio {
  const match = DECIMAL.exec(text);
  assert(match !== null && match[1] === '', `not a decimal ratio: ${text}`);
  const [, , whole = '', fraction = ''] = match;
  return { numerator: BigInt(whole + fraction), denominator: 10n ** BigInt(fraction.length) };
}

/** a × b, exact. */
export function multiplyRatio(a: Ratio, b: Ratio): Ratio {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

/** a ÷ b, exact; b must not be zero. */
export function divideRatio(a: Ratio, b: Ratio): Ratio {
  assert(b.numerator !== 0n, 'division of a ratio by zero');
  return { numerator: a.numerator * b.denominator, denominator: a.denominator * b.numerator };
}

/** a + b, exact. */
export function addRatio(a: Ratio, b: Ratio): Ratio {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

/** a − b, exact; zero when b is larger. */
export function subtractRatio(a: Ratio, b: Ratio): Ratio {
  return {
    numerator: larger(a.numerator * b.denominator - b.numerator * a.denominator, 0n),
    denominator: a.denominator * b.denominator,
  };
}

/** Positive when a is larger, negative when b is, zero when they are equal. */
export function compareRatio(a: Ratio, b: Ratio): number {
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator];
  return left > right ? 1 : left < right ? -1 : 0;
}

/** The same ratio in lowest terms: small numbers multiply faster. */
export function reduceRatio({ numerator, denominator }: Ratio): Ratio {
  assert(
    numerator >= 0n && denominator > 0n,
    'a ratio is of a number that is not negative and a positive one',
  );
  let divisor = numerator;
  for (let rest = denominator; rest !== 0n;) [divisor, rest] = [rest, divisor % rest];
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/**
 * amount × ratio, rounded toward zero: the one rounding mode of the network. `amount` must not be
 * negative.
 */
export function scaleDown(amount: bigint, ratio: Ratio): bigint {
  return (amount * ratio.numerator) / ratio.denominator;
}

/**
 * Ratio → decimal text rounded toward zero at `decimals`, trailing zeros dropped; for display only,
 * never for arithmetic.
 */
export function formatRatio(ratio: Ratio, decimals = 8): string {
  const text = formatAmountText(
    (ratio.numerator * 10n ** BigInt(decimals)) / ratio.denominator,
    decimals,
  );
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** The larger of two amounts. */
export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The smaller of two amounts. */
export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
