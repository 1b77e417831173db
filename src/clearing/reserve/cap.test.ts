// The arithmetic of caps and thresholds, against its definition.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seedOf } from '../../../test/fixtures/seed.ts';
import { capOf, judgeThresholds, usedOf, usedPercent } from './cap.ts';

const seed = seedOf('reserve cap');

describe('a cap', () => {
  it.each([
    [100n, 10_000, 100n],
    [101n, 5_000, 50n],
    [1n, 9_999, 0n],
    [10n ** 15n, 10_000, 10n ** 15n],
    [10n ** 15n, 100_000, 10n ** 15n],
    [0n, 100_000, 0n],
    [333n, 15_050, 501n],
  ])('of %s at %s hundredths of a percent is %s', (prefund, basisPoints, cap) => {
    expect(capOf(prefund, basisPoints)).toBe(cap);
  });

  it('counts transfers under way as use, and what others owe against it', () => {
    expect([
      usedOf({ position: -30n, pendingDebits: 5n }),
      usedOf({ position: 30n, pendingDebits: 5n }),
    ]).toEqual([35n, -25n]);
    expect([
      usedPercent(35n, 90n),
      usedPercent(-25n, 90n),
      usedPercent(1n, 0n),
      usedPercent(1n, undefined),
    ]).toEqual([38.88, 0, null, null]);
  });
});

describe('thresholds', () => {
  it('are told once when reached, and again only after use has fallen below', () => {
    const told: number[][] = [];
    let before: readonly number[] = [];
    for (const used of [0n, 49n, 50n, 74n, 95n, 76n, 89n, 90n, 75n, 74n, 75n, 10n, 100n]) {
      const { reached, crossed } = judgeThresholds([90, 50, 75], before, used, 100n);
      before = reached;
      told.push([...crossed]);
    }
    expect(told).toEqual([
      [],
      [],
      [50],
      [],
      [75, 90],
      [],
      [],
      [90],
      [],
      [],
      [75],
      [],
      [50, 75, 90],
    ]);
  });

  it('know nothing of a platform without cap, and everything as reached where the cap is nothing', () => {
    expect(judgeThresholds([50], [50], 10n, undefined)).toEqual({ reached: [], crossed: [] });
    expect([
      judgeThresholds([50], [], 1n, 0n).crossed,
      judgeThresholds([50], [], 0n, 0n).crossed,
      judgeThresholds([50], [], -1n, 0n).crossed,
    ]).toEqual([[50], [], []]);
  });

  it('are told as often as use climbs to them from below, whatever it does', () => {
    const uses = fc.array(fc.bigInt({ min: -20n, max: 130n }), { maxLength: 60 });
    fc.assert(
      fc.property(
        uses,
        fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 5 }),
        (steps, thresholds) => {
          let before: readonly number[] = [];
          const told: number[] = [];
          for (const used of steps) {
            const judged = judgeThresholds(thresholds, before, used, 100n);
            before = judged.reached;
            told.push(...judged.crossed);
          }
          for (const percent of thresholds) {
            const climbs = steps.filter(
              (used, index) => used >= percent && (steps[index - 1] ?? -1n) < percent,
            ).length;
            expect(told.filter((one) => one === percent).length).toBe(climbs);
          }
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});
