// The value of one point (source requirement 5.1): base value × platform multiplier × category
// multiplier. Pure.

import { multiplyRatio, parseRatio, type Ratio } from '../kernel/amount.ts';
import type { RulebookDocument } from './rulebook-schema.ts';

const ONE: Ratio = { numerator: 1n, denominator: 1n };

/**
 * Value of one point in whole units of the settlement currency. A platform or category that is not
 * listed has the multiplier 1.
 */
export function pointValue(
  { values, platforms, categories }: RulebookDocument,
  platformId: string,
  category?: string,
): Ratio {
  const base = multiplyRatio(parseRatio(values.base_value), multiplierOf(platforms, platformId));
  return category === undefined ? base : multiplyRatio(base, multiplierOf(categories, category));
}

function multiplierOf(
  listed: Readonly<Record<string, { readonly multiplier: string }>>,
  name: string,
): Ratio {
  const found = Object.hasOwn(listed, name) ? listed[name] : undefined;
  return found === undefined ? ONE : parseRatio(found.multiplier);
}

/**
 * A ratio between units → the same ratio between minor units. `from` and `to` are the decimals of
 * the two assets.
 */
export function rescale(ratio: Ratio, from: number, to: number): Ratio {
  return to >= from
    ? { numerator: ratio.numerator * 10n ** BigInt(to - from), denominator: ratio.denominator }
    : { numerator: ratio.numerator, denominator: ratio.denominator * 10n ** BigInt(from - to) };
}
