// Exact arithmetic on amounts. Inside, an amount is a bigint of minor units; outside, it is a
// decimal with at most `scale` digits after the point.

import { assert } from './assert.ts';

/**
 * Largest amount that a caller may name, and largest balance that a member may hold: 10^15 minor
 * units. An IEEE double still holds this number exactly.
 */
export const MAX_AMOUNT_MINOR = 10n ** 15n;

/** Why a value is not an amount. The API has one problem for each. */
export type AmountFault = 'not_a_number' | 'too_many_decimals' | 'too_large';

/** An exact non-negative fraction, for rates and values; never a float. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/**
 * Reads a JSON number or a decimal string as minor units. Never rounds: a value with too many
 * decimals is refused. A number is read from its shortest decimal form; within the bound this is
 * the text that the sender wrote.
 *
 * @param value a JSON number or a string such as "12.50"; a string must not hold an exponent
 * @param scale decimals of the asset, 0 to 6
 * @param maxMinor largest allowed value in minor units; a sum over a platform is read from text and
 * may be larger than any one amount
 * @returns the minor units, negative for a value with a minus sign, or the reason why this is not
 * an amount
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
 * Number → decimal text without an exponent. JavaScript writes exponents from 10^21 up and below
 * 10^-6; both are outside of the bounds here.
 */
function plainDecimal(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Math.abs(value) >= 1 ? BigInt(value).toString().slice(0, 30) : '0.0000001';
}

/**
 * Minor units → JSON number. Exact within ±10^15 minor units; use `formatAmountText` for larger
 * sums, such as totals of the whole network.
 */
export function formatAmount(minor: bigint, scale: number): number {
  return Number(formatAmountText(minor, scale));
}

/**
 * The number that `formatAmount` made → decimal text with exactly `scale` decimals, for columns that
 * people read, e.g. (12.5, 2) → "12.50".
 */
export function formatNumberText(amount: number, scale: number): string {
  return amount.toFixed(scale);
}

/** Minor units → decimal text with exactly `scale` decimals, e.g. (-5n, 2) → "-0.05". */
export function formatAmountText(minor: bigint, scale: number): string {
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * Decimal text such as "0.01" or "1.2" → exact ratio. Throws on anything else, because ratios come
 * from configuration that was validated before.
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

/** a − b, exact; zero when b is larger than a. */
export function subtractRatio(a: Ratio, b: Ratio): Ratio {
  return {
    numerator: larger(a.numerator * b.denominator - b.numerator * a.denominator, 0n),
    denominator: a.denominator * b.denominator,
  };
}

/** Positive when a is larger, negative when b is larger, zero when they are equal. */
export function compareRatio(a: Ratio, b: Ratio): number {
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator];
  return left > right ? 1 : left < right ? -1 : 0;
}

/** The same ratio in lowest terms, because small numbers multiply faster. */
export function reduceRatio({ numerator, denominator }: Ratio): Ratio {
  assert(
    numerator >= 0n && denominator > 0n,
    'the numerator of a ratio is not negative, and its denominator is positive',
  );
  let divisor = numerator;
  for (let rest = denominator; rest !== 0n;) [divisor, rest] = [rest, divisor % rest];
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/**
 * amount × ratio, rounded toward zero. This is the only rounding mode of the network. `amount` is
 * in minor units and must not be negative.
 */
export function scaleDown(amount: bigint, ratio: Ratio): bigint {
  return (amount * ratio.numerator) / ratio.denominator;
}

/**
 * Ratio → decimal text, rounded toward zero at `decimals`, without trailing zeros. For display
 * only, never for arithmetic.
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
