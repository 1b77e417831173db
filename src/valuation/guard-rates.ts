// The arbitrage guard: computes the best factor of a conversion between each two platforms under a
// rulebook, and checks that no chain of conversions gains. A condition that depends on the
// transaction is assumed to hold when that is better for the member. Flat parts of fees and bonuses
// are ignored, because they vanish in large amounts; a limit rule bounds a flat bonus. Pure.

import {
  addRatio,
  compareRatio,
  divideRatio,
  formatRatio,
  multiplyRatio,
  parseRatio,
  reduceRatio,
  subtractRatio,
  type Ratio,
} from '../kernel/amount.ts';
import type { PlatformId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { CompiledRule } from './compile-rulebook.ts';
import { findArbitrage } from './find-arbitrage.ts';
import { pointValue } from './point-value.ts';
import { valuationProblems } from './problems.ts';
import { isEverywhere, visitPairs } from './rule-reach.ts';
import { bindCharge, type BoundCharge, type Candidate, type Rulebook } from './rulebook.ts';
import type { RuleKind } from './rulebook-schema.ts';

const ONE: Ratio = { numerator: 1n, denominator: 1n };
const ZERO: Ratio = { numerator: 0n, denominator: 1n };
/** Rates are relative to the value model, so the decimals of the assets do not matter. */
const SCALE = 2;

type Candidates<T> = readonly Candidate<T>[];
type RateTerms = CompiledRule<'rate'>['terms'];

/**
 * The problem `arbitrage` with the path, when points can be multiplied under the rulebook;
 * otherwise undefined.
 */
export function guardRates(rulebook: Rulebook): Problem | undefined {
  const platforms = Object.keys(rulebook.document.platforms);
  const { detour_tolerance: tolerance } = rulebook.document.settings;
  const found = findArbitrage({
    platforms,
    tolerance: parseRatio(tolerance),
    factor: bestFactors(rulebook, platforms),
  });
  if (found === undefined) return undefined;
  const path = found.path.join(' → ');
  const detail =
    found.kind === 'cycle'
      ? `The cycle ${path} turns each unit of value into ${formatRatio(found.product)}.`
      : `The detour ${path} gives ${formatRatio(found.product)} of the value model's rate, but ` +
        `the direct conversion gives ${formatRatio(found.direct)}.`;
  return valuationProblems.arbitrage(detail, { path: found.path });
}

/**
 * The largest share of the value model's rate that a conversion can give: rate × (1 − source fee) ×
 * (1 − target fee + bonus).
 */
export function bestFactor(rulebook: Rulebook, from: PlatformId, to: PlatformId): Ratio {
  return bestFactors(rulebook, [from, to])(from, to);
}

/**
 * The same for all platforms. The effect of rules is computed once for all pairs with the same
 * rules.
 */
function bestFactors(
  { document, rules }: Rulebook,
  platforms: readonly string[],
): (from: string, to: string) => Ratio {
  const { settings } = document;
  const places = new Map(platforms.map((platform, place) => [platform, place]));
  const values = platforms.map((platform) => reduceRatio(pointValue(document, platform)));
  const rates = ratesIn(rules, platforms);
  const fees = listsOf(
    'fee',
    rules,
    ({ terms }) => bindCharge(terms.fee, terms.fee.on, SCALE),
    platforms,
  );
  const bonuses = listsOf(
    'bonus',
    rules,
    ({ terms }) => bindCharge(terms.bonus, terms.bonus.paid_by, SCALE),
    platforms,
  );
  const fee = once((list: Candidates<BoundCharge>) => {
    const kept = (on: BoundCharge['on']): Ratio =>
      subtractRatio(
        ONE,
        leastShare(
          list.filter(({ terms }) => terms.on === on),
          settings.fees,
          list,
        ),
      );
    return { source: kept('source'), target: kept('target') };
  });
  const bonus = once((list: Candidates<BoundCharge>) => mostShare(list, settings.bonuses));
  return (fromName, toName) => {
    const [from, to] = [places.get(fromName)!, places.get(toName)!];
    const { source, target } = fee(fees(from, to));
    return multiplyRatio(
      multiplyRatio(rates(from, to, values[from]!, values[to]!), source),
      addRatio(target, bonus(bonuses(from, to))),
    );
  };
}

type BestRate = (from: number, to: number, sourceValue: Ratio, targetValue: Ratio) => Ratio;

/** The best rate between two platforms, relative to the value model's rate. */
function ratesIn(rules: readonly CompiledRule[], platforms: readonly string[]): BestRate {
  const lists = listsOf('rate', rules, ({ terms }) => terms, platforms);
  const best = once((list: Candidates<RateTerms>) => {
    const possible = reachable(list).map(({ terms }) => terms);
    const ratios = (field: 'factor' | 'rate'): Ratio[] =>
      possible.flatMap((terms) => (terms[field] === undefined ? [] : [parseRatio(terms[field])]));
    return {
      factor: bestOf(ratios('factor'), isReplaced(list) ? ZERO : ONE),
      rate: bestOf(ratios('rate'), ZERO),
    };
  });
  return (from, to, sourceValue, targetValue) => {
    const { factor, rate } = best(lists(from, to));
    return rate.numerator === 0n
      ? factor
      : bestOf([divideRatio(rate, divideRatio(sourceValue, targetValue))], factor);
  };
}

/**
 * Rules that can apply between two platforms, by the index of each. Pairs with the same rules share
 * one list.
 */
type Lists<T> = (from: number, to: number) => Candidates<T>;

function listsOf<K extends RuleKind, T>(
  kind: K,
  rules: readonly CompiledRule[],
  bind: (rule: CompiledRule<K>) => T,
  platforms: readonly string[],
): Lists<T> {
  const everywhere: number[] = [];
  const candidates: Candidate<T>[] = [];
  /** By pair: indexes in `candidates` of rules that can apply there but not everywhere. */
  const here: number[][] = [];
  for (const rule of rules.filter(
    (one) => one.kind === kind && one.operations.includes('conversion'),
  )) {
    const { condition, item, fromMs, untilMs } = rule;
    const { fixed, classed, varying } = condition;
    const [always, atTimes] = [candidates.length, candidates.length + 1];
    const bound = {
      item,
      fromMs,
      untilMs,
      classed,
      terms: bind(rule as unknown as CompiledRule<K>),
    };
    candidates.push(
      { ...bound, varying: [...classed, ...varying] },
      { ...bound, varying: [...fixed, ...classed, ...varying] },
    );
    if (isEverywhere(condition)) everywhere.push(always);
    else
      visitPairs(condition, platforms, (from, to, reach) => {
        (here[from * platforms.length + to] ??= []).push(reach === 'always' ? always : atTimes);
      });
  }
  const common = everywhere.map((place) => candidates[place]!);
  const known = new Map<string, Candidates<T>>();
  return (from, to) => {
    const places = here[from * platforms.length + to];
    if (places === undefined) return common;
    const key = places.join();
    let list = known.get(key);
    if (list === undefined) {
      // The index is the order of precedence.
      list = [...everywhere, ...places]
        .toSorted((a, b) => a - b)
        .map((place) => candidates[place]!);
      known.set(key, list);
    }
    return list;
  };
}

function once<K extends object, V>(work: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) known.set(key, (value = work(key)));
    return value;
  };
}

/**
 * Candidates up to and including the first that always applies: no later one can ever be the first.
 */
function reachable<T>(candidates: readonly Candidate<T>[]): readonly Candidate<T>[] {
  const last = candidates.findIndex(isUnconditional);
  return last < 0 ? candidates : candidates.slice(0, last + 1);
}

function isReplaced(candidates: readonly Candidate<unknown>[]): boolean {
  return candidates.some(isUnconditional);
}

function isUnconditional({ varying, fromMs, untilMs }: Candidate<unknown>): boolean {
  return (
    varying.length === 0 &&
    fromMs === Number.NEGATIVE_INFINITY &&
    untilMs === Number.POSITIVE_INFINITY
  );
}

/**
 * The least share that is kept for every amount. A fee with a maximum counts as 0, because its
 * share vanishes in large amounts.
 */
function leastShare(
  own: readonly Candidate<BoundCharge>[],
  which: 'first' | 'all',
  all: readonly Candidate<BoundCharge>[],
): Ratio {
  const share = ({ terms }: Candidate<BoundCharge>): Ratio =>
    terms.maximum === undefined ? terms.rate : ZERO;
  if (which === 'all') return own.filter(isUnconditional).map(share).reduce(addRatio, ZERO);
  // Only the first rule that applies counts. Nothing is certain if another rule, or none, can be
  // the first.
  const [first, ...others] = reachable(all);
  return first !== undefined && others.length === 0 && isUnconditional(first) && own.includes(first)
    ? share(first)
    : leastOf(reachable(all), own, share);
}

function leastOf(
  possible: readonly Candidate<BoundCharge>[],
  own: readonly Candidate<BoundCharge>[],
  share: (candidate: Candidate<BoundCharge>) => Ratio,
): Ratio {
  if (!isReplaced(possible)) return ZERO;
  return possible
    .map((candidate) => (own.includes(candidate) ? share(candidate) : ZERO))
    .reduce((least, one) => (compareRatio(one, least) < 0 ? one : least));
}

function mostShare(bonuses: readonly Candidate<BoundCharge>[], which: 'first' | 'all'): Ratio {
  const shares = (which === 'all' ? bonuses : reachable(bonuses)).map(({ terms }) => terms.rate);
  return which === 'all' ? shares.reduce(addRatio, ZERO) : bestOf(shares, ZERO);
}

function bestOf(ratios: readonly Ratio[], least: Ratio): Ratio {
  return ratios.reduce((best, one) => (compareRatio(one, best) > 0 ? one : best), least);
}
