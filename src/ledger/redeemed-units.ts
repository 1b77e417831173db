// The price in points of whole units of a redemption: only whole units are given back. Pure. k
// units stand for floor(amount × k / quantity) points, so what was given back and what the other
// units cost never exceed what was paid.

import { formatAmount, smaller } from '../kernel/amount.ts';
import type { Problem } from '../kernel/problem.ts';
import { ledgerProblems } from './problems.ts';
import { shareUpTo } from './share.ts';

/** The points paid, and for how many units. */
export interface Redeemed {
  /** Minor units of the platform's points. */
  readonly amount: bigint;
  readonly quantity: bigint;
}

/** The most amounts that a refusal names. */
const MOST_NAMED = 10;

/** The points that the first units stand for. */
export function pointsOfUnits({ amount, quantity }: Redeemed, units: bigint): bigint {
  return shareUpTo(amount, quantity, units, 'later');
}

/**
 * The units that have come back with so many points; a unit of which only a part came back does not
 * count.
 */
export function unitsOfPoints({ amount, quantity }: Redeemed, givenBack: bigint): bigint {
  return givenBack === 0n ? 0n : smaller(((givenBack + 1n) * quantity - 1n) / amount, quantity);
}

/** The units that come back with `amount` more; undefined when that is no whole number of units. */
export function unitsOfPart(
  redeemed: Redeemed,
  before: bigint,
  amount: bigint,
): bigint | undefined {
  const units = unitsOfPoints(redeemed, before + amount);
  return pointsOfUnits(redeemed, units) === before + amount
    ? units - unitsOfPoints(redeemed, before)
    : undefined;
}

/** The points that come back with so many more units. */
export function pointsOfPart(redeemed: Redeemed, before: bigint, units: bigint): bigint {
  return pointsOfUnits(redeemed, unitsOfPoints(redeemed, before) + units) - before;
}

/**
 * Names the amounts that can be given back up to so many more units: the smallest ones and the
 * largest.
 */
export function notWholeUnits(
  redeemed: Redeemed,
  before: bigint,
  scale: number,
  most: bigint,
): Problem {
  const named: bigint[] = [];
  for (let units = 1n; units <= most && named.length < MOST_NAMED; units += 1n) {
    const points = pointsOfPart(redeemed, before, units);
    if (points > 0n && points !== named.at(-1)) named.push(points);
  }
  const largest = pointsOfPart(redeemed, before, most);
  if (named.at(-1) !== largest) named.push(largest);
  const amounts = named.map((points) => String(formatAmount(points, scale)));
  const between = named.length > MOST_NAMED ? ', and whole units between the last two' : '';
  return ledgerProblems.not_whole_units(
    `${amounts.join(', ')} points can be given back${between}.`,
    { amounts },
  );
}
