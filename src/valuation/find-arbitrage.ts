// Finds arbitrage: points that grow by a cycle of conversions, or by a detour instead of the direct
// conversion. It is exact: a product of rates of exactly 1 is sound, and one that is larger by the
// least amount is not.

import {
  compareRatio,
  divideRatio,
  multiplyRatio,
  reduceRatio,
  type Ratio,
} from '../kernel/amount.ts';

/**
 * The best rate of each conversion, relative to the value model: 1 is the value model's own rate, 0
 * means no conversion.
 */
export interface Conversions {
  readonly platforms: readonly string[];
  factor(from: string, to: string): Ratio;
  /** How much better than the direct rate a detour may be, as a share. */
  readonly tolerance: Ratio;
}

/** A way to gain. Ratios are in lowest terms. */
export type Arbitrage =
  /** `path` ends where it begins; `product` is above 1. */
  | { readonly kind: 'cycle'; readonly path: readonly string[]; readonly product: Ratio }
  /** `product` is above `direct` × (1 + tolerance). */
  | {
      readonly kind: 'detour';
      readonly path: readonly string[];
      readonly product: Ratio;
      readonly direct: Ratio;
    };

/** A factor, with doubles that decide most comparisons without exact multiplication. */
interface Step extends Ratio {
  /** The nearest double, except for the rounding of a few multiplications. */
  readonly near: number;
  readonly isOne: boolean;
  /**
   * Numerator and denominator as doubles when both are small enough for an exact product of three;
   * otherwise 0.
   */
  readonly over: number;
  readonly under: number;
}

/** A path from one platform to `at`, with the product of its factors. */
interface Walk extends Step {
  readonly at: number;
  /** The path without its last step; undefined for a single step. */
  readonly before: Walk | undefined;
}

interface Graph {
  /** Sorted, so that the result does not depend on the caller's order. */
  readonly names: readonly string[];
  /** The factor of each conversion, measured in `units`. */
  readonly steps: readonly (readonly Step[])[];
  /** The doubles of the steps, at index from + to × count. */
  readonly nears: Float64Array;
  /** 1 where a step is exactly 1. */
  readonly ones: Uint8Array;
  /** By from and to: the largest factor that a detour may have. */
  readonly bounds: readonly (readonly Step[])[];
  /**
   * The value at each platform of one unit of value at the first platform. Measured in these units,
   * consistent rates are all exactly 1, whatever decimals they are written with. The result of
   * comparing two paths between the same platforms does not change.
   */
  readonly units: readonly Ratio[];
}

const ONE: Ratio = { numerator: 1n, denominator: 1n };
/** Three factors of at most this size multiply within 53 bits. */
const SMALL = 2n ** 17n;
/**
 * Much more than the rounding of doubles in a product over all platforms, and much less than the
 * difference between rates with nine decimals.
 */
const MARGIN = 1e-11;
/** Below this, doubles lose digits. */
const LEAST = 1e-290;

/**
 * Returns a shortest path that gains: a cycle before a detour of the same length, then the first by
 * platform names. Undefined when there is none.
 *
 * This is Bellman-Ford from all platforms at once, by number of steps. Only paths that the last
 * round improved are extended, so it ends when longer paths gain nothing: O(n³) for each length
 * that still improves. Doubles decide where they can. Exact ratios are multiplied only for paths
 * that are kept, and where two paths are too close. The first gain visits no platform twice:
 * without the cycle inside it, it would be a shorter gain, unless that cycle is a gain itself.
 */
export function findArbitrage({
  platforms,
  factor,
  tolerance,
}: Conversions): Arbitrage | undefined {
  const names = [...new Set(platforms)].sort();
  const direct = names.map((from) => names.map((to) => (from === to ? ONE : factor(from, to))));
  const units = names.map((_name, at) => {
    const unit = direct[0]?.[at] ?? ONE;
    return unit.numerator === 0n ? ONE : reduceRatio(unit);
  });
  const steps = direct.map((row, from) =>
    row.map((step, to) => stepOf(divideRatio(multiplyRatio(step, units[from]!), units[to]!))),
  );
  const allowed = {
    numerator: tolerance.denominator + tolerance.numerator,
    denominator: tolerance.denominator,
  };
  const bounds = steps.map((row) =>
    row.map((step) => (tolerance.numerator === 0n ? step : stepOf(multiplyRatio(step, allowed)))),
  );
  const byTo = names.flatMap((_name, to) => steps.map((row) => row[to]!));
  const nears = Float64Array.from(byTo, ({ near }) => near);
  const ones = Uint8Array.from(byTo, ({ isOne }) => Number(isOne));
  const graph: Graph = { names, steps, nears, ones, bounds, units };
  if (tolerance.numerator > 0n && isSoundByFar(graph)) return undefined;

  const best: Walk[][] = steps.map((row) =>
    row.map((step, at) => ({ ...step, at, before: undefined })),
  );
  let better: Walk[][] = best.map((row, from) =>
    row.filter((walk) => walk.at !== from && walk.numerator > 0n),
  );
  while (better.some((walks) => walks.length > 0)) {
    const longer = better.map((walks, from) => extend(graph, walks, best[from]!));
    const gain = findGain(graph, longer, 'cycle') ?? findGain(graph, longer, 'detour');
    if (gain !== undefined) return gain;
    longer.forEach((walks, from) => walks.forEach((walk) => (best[from]![walk.at] = walk)));
    better = longer;
  }
  return undefined;
}

function stepOf(ratio: Ratio, near?: number): Step {
  const { numerator, denominator } = reduceRatio(ratio);
  const isSmall = numerator <= SMALL && denominator <= SMALL;
  const [over, under] = [isSmall ? Number(numerator) : 0, isSmall ? Number(denominator) : 0];
  return {
    numerator,
    denominator,
    near: near ?? Number(numerator) / Number(denominator),
    isOne: numerator === denominator,
    over,
    under,
  };
}

/**
 * Extends paths by one step: returns those that are better than every shorter path to the same
 * platform. Staying at a platform has the factor 1.
 */
function extend(
  { names, steps, nears, ones }: Graph,
  walks: readonly Walk[],
  best: readonly Walk[],
): Walk[] {
  const ats = Int32Array.from(walks, ({ at }) => at);
  const soFar = Float64Array.from(walks, ({ near }) => near);
  const onesSoFar = Uint8Array.from(walks, ({ isOne }) => Number(isOne));
  return best.flatMap((shorter, at) => {
    let record: Step = shorter;
    let before: Walk | undefined;
    let least = leastToLook(record);
    for (let index = 0; index < ats.length; index += 1) {
      const from = ats[index]!;
      const place = from + at * names.length;
      const near = soFar[index]! * nears[place]!;
      if (near < least || from === at) continue;
      const ofOnes = onesSoFar[index]! + ones[place]!;
      if (record.isOne && ofOnes === 2) continue;
      const [walk, step] = [walks[index]!, steps[from]![at]!];
      if (!isMore(walk, step, near, record)) continue;
      record = stepOf(multiplyRatio(walk, step), near);
      before = walk;
      least = leastToLook(record);
    }
    return before === undefined ? [] : [{ ...record, at, before }];
  });
}

/** A double below this certainly belongs to a smaller product. */
function leastToLook({ near }: Step): number {
  return near > LEAST ? near * (1 - MARGIN) : 0;
}

/**
 * True when doubles alone prove that nothing gains: the best of all paths between all platforms
 * (Floyd-Warshall), O(n³) however long the paths are. False proves nothing: a path may gain, or may
 * come close to it.
 */
function isSoundByFar({ names, nears, bounds }: Graph): boolean {
  const count = names.length;
  const best = nears.slice();
  for (let at = 0; at < count; at += 1) best[at + at * count] = 0;
  for (let over = 0; over < count; over += 1) {
    for (let to = 0; to < count; to += 1) {
      const onward = best[over + to * count]!;
      if (onward === 0) continue;
      for (let from = 0; from < count; from += 1) {
        const way = best[from + over * count]! * onward;
        if (way > best[from + to * count]!) best[from + to * count] = way;
      }
    }
  }
  return bounds.every((row, from) =>
    row.every(({ near }, to) => best[from + to * count]! < (from === to ? 1 : near) * (1 - MARGIN)),
  );
}

/** True when walk × step > record, exactly. */
function isMore(walk: Step, step: Step, near: number, record: Step): boolean {
  if (near > record.near * (1 + MARGIN) && record.near > LEAST) return true;
  if (walk.under > 0 && step.under > 0 && record.under > 0)
    return walk.over * step.over * record.under > record.over * walk.under * step.under;
  return compareRatio(multiplyRatio(walk, step), record) > 0;
}

function findGain(
  { names, steps, bounds, units }: Graph,
  longer: readonly (readonly Walk[])[],
  kind: Arbitrage['kind'],
): Arbitrage | undefined {
  for (const [from, walks] of longer.entries()) {
    const walk = walks.find(
      (one) =>
        (one.at === from) === (kind === 'cycle') &&
        (kind === 'cycle' || compareRatio(one, bounds[from]![one.at]!) > 0),
    );
    if (walk === undefined) continue;
    // From `units` back to the value model.
    const inModel = (ratio: Ratio): Ratio =>
      reduceRatio(divideRatio(multiplyRatio(ratio, units[walk.at]!), units[from]!));
    const found = {
      path: [names[from]!, ...placesOf(walk).map((place) => names[place]!)],
      product: inModel(walk),
    };
    return kind === 'cycle'
      ? { kind, ...found }
      : { kind, ...found, direct: inModel(steps[from]![walk.at]!) };
  }
  return undefined;
}

function placesOf(walk: Walk): number[] {
  return [...(walk.before === undefined ? [] : placesOf(walk.before)), walk.at];
}
