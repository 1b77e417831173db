// A way to gain is found if and only if there is one, and it is a shortest one.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seedOf } from '../../test/fixtures/seed.ts';
import { divideRatio, multiplyRatio, parseRatio, type Ratio } from '../kernel/amount.ts';
import { findArbitrage, type Arbitrage, type Conversions } from './find-arbitrage.ts';

const seed = seedOf('find-arbitrage');
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const ONE: Ratio = { numerator: 1n, denominator: 1n };

/** Factors as text such as `a→b 1.02`, or `4/5` for a number without decimals; 1 by default. */
function networkOf(names: string, factors: string, tolerance = '0'): Conversions {
  const table = new Map(
    factors.split(',').map((entry) => entry.trim().split(' ') as [string, string]),
  );
  return {
    platforms: names.split(' '),
    factor: (from, to) => ratio(table.get(`${from}→${to}`) ?? '1'),
    tolerance: parseRatio(tolerance),
  };
}

function ratio(text: string): Ratio {
  const [over = '', under = '1'] = text.split('/');
  return divideRatio(parseRatio(over), parseRatio(under));
}

function isGreater(a: Ratio, b: Ratio): boolean {
  return a.numerator * b.denominator > b.numerator * a.denominator;
}

function productOf({ factor }: Conversions, path: readonly string[]): Ratio {
  return path
    .slice(1)
    .reduce((product, to, index) => multiplyRatio(product, factor(path[index]!, to)), ONE);
}

/** True when a path gains, by the definition. */
function gains(network: Conversions, path: readonly string[]): boolean {
  const [from, to] = [path[0]!, path.at(-1)!];
  const bound =
    from === to
      ? ONE
      : multiplyRatio(network.factor(from, to), {
          numerator: network.tolerance.numerator + network.tolerance.denominator,
          denominator: network.tolerance.denominator,
        });
  return isGreater(productOf(network, path), bound);
}

/** Every path of two or more steps over distinct platforms, including cycles. */
function pathsOf(platforms: readonly string[], begun: readonly string[]): string[][] {
  const onward = platforms
    .filter((platform) => !begun.includes(platform))
    .flatMap((next) => [[...begun, next], ...pathsOf(platforms, [...begun, next])]);
  return begun.length === 1
    ? [...onward.filter((path) => path.length > 2), ...onward.map((path) => [...path, begun[0]!])]
    : onward;
}

const CHOICES: Record<string, readonly string[]> = {
  fair: ['1', '1', '4/5', '5/4', '2', '1/2'],
  lossy: ['1', '0.99', '0.98', '99/101', '0.9801'],
  tight: ['1', '1.1', '1.21', '10/11', '100/121', '1.331', '1000/1331'],
  steep: ['1', '0.9', '0.6', '0.5', '0.4'],
  partly: ['0', '0', '1', '1.1', '0.5'],
};
const network = fc
  .record({
    platforms: fc.integer({ min: 0, max: 5 }).map((count) => NAMES.slice(0, count)),
    choice: fc.constantFrom(...Object.keys(CHOICES)),
    picks: fc.array(fc.nat(99), { minLength: 25, maxLength: 25 }),
    tolerance: fc.constantFrom('0', '0.01', '0.1', '0.21', '1').map(parseRatio),
  })
  .map(({ platforms, choice, picks, tolerance }): Conversions => {
    const factors = CHOICES[choice]!.map(ratio);
    return {
      platforms,
      tolerance,
      factor: (from, to) =>
        factors[picks[NAMES.indexOf(from) * 5 + NAMES.indexOf(to)]! % factors.length]!,
    };
  });
/**
 * Nearly fair by construction: factor = value of one ÷ value of the other, with one factor wrong.
 */
const nearlyFair = fc
  .record({
    worths: fc.array(fc.bigInt({ min: 1n, max: 20n }), { minLength: 5, maxLength: 5 }),
    count: fc.integer({ min: 2, max: 5 }),
    from: fc.nat(4),
    to: fc.nat(4),
    off: fc.constantFrom('1', '1.1', '10/11', '1.000000001', '0.999999999'),
    tolerance: fc.constantFrom('0', '0.1', '0.000000001').map(parseRatio),
  })
  .map(({ worths, count, from, to, off, tolerance }): Conversions => ({
    platforms: NAMES.slice(0, count),
    tolerance,
    factor: (a, b) => {
      const fair = { numerator: worths[NAMES.indexOf(a)]!, denominator: worths[NAMES.indexOf(b)]! };
      return a === NAMES[from] && b === NAMES[to] ? multiplyRatio(fair, ratio(off)) : fair;
    },
  }));

describe('a search for arbitrage', () => {
  it('finds a shortest path that gains exactly when there is one', () => {
    fc.assert(
      fc.property(fc.oneof(network, nearlyFair), (network) => {
        const gaining = network.platforms
          .flatMap((from) => pathsOf(network.platforms, [from]))
          .filter((path) => gains(network, path));
        const found = findArbitrage(network);
        expect(found === undefined).toBe(gaining.length === 0);
        if (found === undefined) return;
        const shortest = Math.min(...gaining.map((path) => path.length));
        expect(gaining.filter((path) => path.length === shortest)).toContainEqual(found.path);
        const kind = found.path[0] === found.path.at(-1) ? 'cycle' : 'detour';
        expect(found.kind).toBe(kind);
        if (kind === 'detour')
          expect(gaining.some((path) => path.length === shortest && path[0] === path.at(-1))).toBe(
            false,
          );
      }),
      { seed, numRuns: 3_000 },
    );
  });

  it('tells the exact product of the path, and the direct rate of a detour, in lowest terms', () => {
    fc.assert(
      fc.property(network, (network) => {
        const found = findArbitrage(network);
        if (found === undefined) return;
        expectLowest(found.product, productOf(network, found.path));
        if (found.kind === 'detour')
          expectLowest(found.direct, network.factor(found.path[0]!, found.path.at(-1)!));
      }),
      { seed, numRuns: 500 },
    );
  });

  it('gives the same answer however the platforms are listed', () => {
    fc.assert(
      fc.property(network, fc.shuffledSubarray(NAMES, { minLength: 5 }), (network, order) => {
        const platforms = order.filter((name) => network.platforms.includes(name));
        expect(findArbitrage({ ...network, platforms: [...platforms, ...platforms] })).toEqual(
          findArbitrage(network),
        );
      }),
      { seed, numRuns: 500 },
    );
  });

  const cases: [string, Conversions, Arbitrage | undefined][] = [
    ["finds nothing where every rate is the value model's", networkOf('a b c d e', ''), undefined],
    ['finds nothing in a network of one, or of none', networkOf('a', 'a→a 2'), undefined],
    [
      'finds nothing in a circle that comes to exactly 1',
      networkOf('a b', 'a→b 1.25, b→a 0.8'),
      undefined,
    ],
    [
      'finds a circle that gains a billionth',
      networkOf('b a', 'a→b 1.25, b→a 0.800000001'),
      {
        kind: 'cycle',
        path: ['a', 'b', 'a'],
        product: { numerator: 800_000_001n, denominator: 800_000_000n },
      },
    ],
    [
      'finds a circle of three where no two gain',
      networkOf('a b c', 'a→b 1.1, b→a 0.9, b→c 1.1, c→b 0.9, c→a 0.83, a→c 1.2', '0.5'),
      { kind: 'cycle', path: ['a', 'b', 'c', 'a'], product: ratioOf(10_043n, 10_000n) },
    ],
    [
      'finds a detour round a fee',
      networkOf('a b c', 'a→b 0.9, b→a 0.9'),
      { kind: 'detour', path: ['a', 'c', 'b'], product: ratioOf(1n, 1n), direct: ratioOf(9n, 10n) },
    ],
    [
      'allows a detour of exactly the tolerance',
      networkOf('a b c', 'a→b 0.8, b→a 0.8', '0.25'),
      undefined,
    ],
    [
      'and none that is better by the least amount',
      networkOf('a b c', 'a→b 0.8, b→a 0.799999999', '0.25'),
      {
        kind: 'detour',
        path: ['b', 'c', 'a'],
        product: ratioOf(1n, 1n),
        direct: ratioOf(799_999_999n, 1_000_000_000n),
      },
    ],
    [
      'tells a circle before a detour of the same length',
      networkOf('a b c d', 'a→b 0.5, c→d 1.1'),
      { kind: 'cycle', path: ['c', 'd', 'c'], product: ratioOf(11n, 10n) },
    ],
    [
      'tells a short detour before a long circle',
      networkOf(
        'a b c d',
        'a→b 0.7, b→c 0.7, c→d 0.7, d→a 0.7, a→c 0.7, c→a 0.7, b→d 0.7, d→b 0.7, b→a 0.7, c→b ' +
          '1.2, d→c 1.2, a→d 1.2',
        '0.5',
      ),
      {
        kind: 'detour',
        path: ['a', 'd', 'c'],
        product: ratioOf(36n, 25n),
        direct: ratioOf(7n, 10n),
      },
    ],
    [
      'takes a conversion that is not offered for worthless',
      networkOf('a b c', 'a→b 0, c→b 0'),
      undefined,
    ],
  ];
  it.each(cases)('%s', (_title, network, arbitrage) => {
    expect(findArbitrage(network)).toEqual(arbitrage);
  });

  it('finds a detour of many short steps where fewer gain too little', () => {
    const byDistance = ['1', '1', '0.9', '0.75', '0.74'].map(parseRatio);
    const factor = (from: string, to: string): Ratio =>
      byDistance[Math.abs(NAMES.indexOf(from) - NAMES.indexOf(to))]!;
    expect(
      findArbitrage({ platforms: NAMES, factor, tolerance: parseRatio('0.34') })?.path,
    ).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(
      findArbitrage({ platforms: NAMES, factor, tolerance: parseRatio('0.36') }),
    ).toBeUndefined();
  });

  it('looks at hundreds of platforms, to the last digit', () => {
    const names = Array.from({ length: 300 }, (_, index) => `p${String(index).padStart(3, '0')}`);
    // Values with many digits, so that all paths between two platforms have exactly the same
    // product.
    const worth = new Map(names.map((name, index) => [name, BigInt(1_000_003 + index * 7_919)]));
    const fair = (from: string, to: string): Ratio => ({
      numerator: worth.get(from)!,
      denominator: worth.get(to)!,
    });
    expect(
      findArbitrage({ platforms: names, tolerance: parseRatio('0'), factor: fair }),
    ).toBeUndefined();
    const off = parseRatio('1.000000000000000000000000000001');
    const found = findArbitrage({
      platforms: names,
      tolerance: parseRatio('0'),
      factor: (from, to) =>
        from === 'p111' && to === 'p222' ? multiplyRatio(fair(from, to), off) : fair(from, to),
    });
    expect(found).toMatchObject({ kind: 'cycle', path: ['p111', 'p222', 'p111'], product: off });
    const costly = { numerator: 999_999_999n, denominator: 1_000_000_000n };
    expect(
      findArbitrage({
        platforms: names,
        tolerance: parseRatio('0.5'),
        factor: (from, to) => multiplyRatio(fair(from, to), costly),
      }),
    ).toBeUndefined();
  });

  it('does not go round a circle that gains for ever', () => {
    const names = Array.from({ length: 30 }, (_, index) => `p${index}`);
    expect(
      findArbitrage({ platforms: names, factor: () => ratio('1.5'), tolerance: ratio('1') })?.path,
    ).toEqual(['p0', 'p1', 'p0']);
  });
});

function ratioOf(numerator: bigint, denominator: bigint): Ratio {
  return { numerator, denominator };
}

function expectLowest(told: Ratio, exact: Ratio): void {
  expect(told.numerator * exact.denominator).toBe(exact.numerator * told.denominator);
  for (let divisor = 2n; divisor < 12n; divisor += 1n)
    expect(told.numerator % divisor === 0n && told.denominator % divisor === 0n).toBe(false);
}
