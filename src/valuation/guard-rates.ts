// The arbitrage guard: the best that a conversion between each two platforms can come to under a rulebook, and whether a chain of them gains.
// Conditions that depend on the transaction are taken to hold where that is better for the member. Flat parts of fees and bonuses vanish
// in large amounts and are not looked at; a flat bonus is bounded by a limit rule. Pure.

import { addRatio, compareRatio, divideRatio, formatRatio, multiplyRatio, parseRatio, subtractRatio, type Ratio } from '../kernel/amount.ts';
import type { PlatformId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import { findArbitrage } from './find-arbitrage.ts';
import { valuationProblems } from './problems.ts';
import type { BoundCharge, Candidate, Rulebook } from './rulebook.ts';

const ONE: Ratio = { numerator: 1n, denominator: 1n };
const ZERO: Ratio = { numerator: 0n, denominator: 1n };
/** Rates are compared relative to the value model, so the decimals of the assets do not matter. */
const SCALES = { points: () => 2, settlement: 4 };

/** The problem with a rulebook under which points can be multiplied, with the path; undefined when there is none. */
export function guardRates(rulebook: Rulebook): Problem | undefined {
  const platforms = Object.keys(rulebook.document.platforms);
  const { detour_tolerance: tolerance } = rulebook.document.settings;
  const found = findArbitrage({
    platforms, tolerance: parseRatio(tolerance),
    factor: (from, to) => bestFactor(rulebook, from as PlatformId, to as PlatformId),
  });
  if (found === undefined) return undefined;
  const path = found.path.join(' → ');
  const detail = found.kind === 'cycle'
    ? `Going round ${path} makes ${formatRatio(found.product)} of each unit of value.`
    : `The detour ${path} gives ${formatRatio(found.product)} of the value model's rate, the direct conversion ${formatRatio(found.direct)}.`;
  return valuationProblems.arbitrage(detail, { path: found.path });
}

/** How much of the value model's rate a conversion gives at most: rate × (1 − source fee) × (1 − target fee + bonus). */
export function bestFactor(rulebook: Rulebook, from: PlatformId, to: PlatformId): Ratio {
  const { settings } = rulebook.document;
  const { rates, fees, bonuses, model } = rulebook.between('conversion', from, to, SCALES);
  const rate = bestOf(reachable(rates).map(({ terms }) => divideRatio(terms.rate, model.rate)), isReplaced(rates) ? ZERO : ONE);
  const fee = (on: BoundCharge['on']): Ratio => subtractRatio(ONE, leastShare(fees.filter(({ terms }) => terms.on === on), settings.fees, fees));
  return multiplyRatio(multiplyRatio(rate, fee('source')), addRatio(fee('target'), mostShare(bonuses, settings.bonuses)));
}

/** Candidates up to and with the first that always applies: no later one is ever the first. */
function reachable<T>(candidates: readonly Candidate<T>[]): readonly Candidate<T>[] {
  const last = candidates.findIndex(isUnconditional);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

function isReplaced(candidates: readonly Candidate<unknown>[]): boolean {
  return candidates.some(isUnconditional);
}

function isUnconditional({ varying, fromMs, untilMs }: Candidate<unknown>): boolean {
  return varying.length === 0 && fromMs === Number.NEGATIVE_INFINITY && untilMs === Number.POSITIVE_INFINITY;
}

/** The least share that is kept whatever the amount: a fee with a maximum vanishes in large amounts. */
function leastShare(own: readonly Candidate<BoundCharge>[], which: 'first' | 'all', all: readonly Candidate<BoundCharge>[]): Ratio {
  const share = ({ terms }: Candidate<BoundCharge>): Ratio => (terms.maximum === undefined ? terms.rate : ZERO);
  if (which === 'all') return own.filter(isUnconditional).map(share).reduce(addRatio, ZERO);
  // Of the first that applies: nothing is sure while another one, or none, may come first.
  const [first, ...others] = reachable(all);
  return first !== undefined && others.length === 0 && isUnconditional(first) && own.includes(first) ? share(first) : leastOf(reachable(all), own, share);
}

function leastOf(possible: readonly Candidate<BoundCharge>[], own: readonly Candidate<BoundCharge>[], share: (candidate: Candidate<BoundCharge>) => Ratio): Ratio {
  if (!isReplaced(possible)) return ZERO;
  return possible.map((candidate) => (own.includes(candidate) ? share(candidate) : ZERO)).reduce((least, one) => (compareRatio(one, least) < 0 ? one : least));
}

function mostShare(bonuses: readonly Candidate<BoundCharge>[], which: 'first' | 'all'): Ratio {
  const shares = (which === 'all' ? bonuses : reachable(bonuses)).map(({ terms }) => terms.rate);
  return which === 'all' ? shares.reduce(addRatio, ZERO) : bestOf(shares, ZERO);
}

function bestOf(ratios: readonly Ratio[], least: Ratio): Ratio {
  return ratios.reduce((best, one) => (compareRatio(one, best) > 0 ? one : best), least);
}
