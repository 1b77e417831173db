// Money for nothing: whether points grow by going round in a circle, or by a detour instead of the direct conversion.
// Exact: a rulebook whose products come to precisely 1 is sound, and one that is above by the least amount is not.

import { compareRatio, multiplyRatio, reduceRatio, type Ratio } from '../kernel/amount.ts';

/** The best rate of a conversion relative to the value model: 1 is the value model's own rate, 0 no conversion. */
export interface Conversions {
  readonly platforms: readonly string[];
  factor(from: string, to: string): Ratio;
  /** How much better than the direct rate a detour may be. */
  readonly tolerance: Ratio;
}

/** A way to gain; ratios in lowest terms. */
export type Arbitrage =
  /** `path` ends where it begins; `product` is above 1. */
  | { readonly kind: 'cycle'; readonly path: readonly string[]; readonly product: Ratio }
  /** `product` is above `direct` × (1 + tolerance). */
  | { readonly kind: 'detour'; readonly path: readonly string[]; readonly product: Ratio; readonly direct: Ratio };

/** A way from one platform to `at`, with the product of its factors. */
interface Walk extends Ratio {
  readonly at: number;
  /** The walk without its last step; undefined for a single step. */
  readonly before: Walk | undefined;
}

interface Graph {
  /** Sorted, so that the answer does not depend on how the caller lists them. */
  readonly names: readonly string[];
  readonly steps: readonly (readonly Ratio[])[];
  /** By from and to: a detour may reach this. */
  readonly bounds: readonly (readonly Ratio[])[];
}

const ONE: Ratio = { numerator: 1n, denominator: 1n };

/**
 * A shortest path that gains: a cycle before a detour of the same length, then the first by platform names.
 *
 * Bellman-Ford from all platforms at once, by number of steps; only walks that the last round made better are carried on, so it ends
 * when longer ways gain nothing: O(n³) for each length that still does. The first gain found visits no platform twice: without the
 * circle in it, it would be a shorter gain, unless that circle is one.
 */
export function findArbitrage({ platforms, factor, tolerance }: Conversions): Arbitrage | undefined {
  const names = [...new Set(platforms)].sort();
  const steps = names.map((from) => names.map((to) => (from === to ? ONE : reduceRatio(factor(from, to)))));
  const allowed = { numerator: tolerance.denominator + tolerance.numerator, denominator: tolerance.denominator };
  const graph: Graph = { names, steps, bounds: steps.map((row) => row.map((direct) => reduceRatio(multiplyRatio(direct, allowed)))) };

  const best: Walk[][] = steps.map((row) => row.map((step, at) => ({ ...step, at, before: undefined })));
  let better: Walk[][] = best.map((row, from) => row.filter((walk) => walk.at !== from && walk.numerator > 0n));
  while (better.some((walks) => walks.length > 0)) {
    const longer = better.map((walks, from) => extend(graph, walks, best[from]!));
    const gain = findGain(graph, longer, 'cycle') ?? findGain(graph, longer, 'detour');
    if (gain !== undefined) return gain;
    longer.forEach((walks, from) => walks.forEach((walk) => (best[from]![walk.at] = walk)));
    better = longer;
  }
  return undefined;
}

/** One step more: the walks that are better than any shorter one to the same platform. To stay where one is, is worth 1. */
function extend({ steps }: Graph, walks: readonly Walk[], best: readonly Walk[]): Walk[] {
  return best.flatMap((shorter, at) => {
    let record: Ratio = shorter;
    let before: Walk | undefined;
    for (const walk of walks) {
      if (walk.at === at) continue;
      const step = steps[walk.at]![at]!;
      const product = multiplyRatio(walk, step);
      if (compareRatio(product, record) <= 0) continue;
      record = product;
      before = walk;
    }
    return before === undefined ? [] : [{ ...reduceRatio(record), at, before }];
  });
}

function findGain({ names, steps, bounds }: Graph, longer: readonly (readonly Walk[])[], kind: Arbitrage['kind']): Arbitrage | undefined {
  for (const [from, walks] of longer.entries()) {
    const walk = walks.find(({ at, ...product }) => (at === from) === (kind === 'cycle') && (kind === 'cycle' || compareRatio(product, bounds[from]![at]!) > 0));
    if (walk === undefined) continue;
    const found = { path: [names[from]!, ...placesOf(walk).map((place) => names[place]!)], product: ratioOf(walk) };
    return kind === 'cycle' ? { kind, ...found } : { kind, ...found, direct: steps[from]![walk.at]! };
  }
  return undefined;
}

function placesOf(walk: Walk): number[] {
  return [...(walk.before === undefined ? [] : placesOf(walk.before)), walk.at];
}

function ratioOf({ numerator, denominator }: Ratio): Ratio {
  return { numerator, denominator };
}
