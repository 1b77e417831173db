// Whole units of a redemption: whatever the order of parts, points given back and what the other
// units cost never exceed what was paid.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  notWholeUnits,
  pointsOfPart,
  pointsOfUnits,
  unitsOfPart,
  unitsOfPoints,
} from './redeemed-units.ts';

const redeemed = fc.record({
  amount: fc.bigInt({ min: 1n, max: 5_000n }),
  quantity: fc.bigInt({ min: 1n, max: 40n }),
});

describe('units of a redemption', () => {
  it('come back in parts that end at the whole, and never with more points than were paid for them', () => {
    fc.assert(
      fc.property(
        redeemed,
        fc.array(fc.bigInt({ min: 1n, max: 6n })),
        ({ amount, quantity }, steps) => {
          let [before, back] = [0n, 0n];
          for (const step of [...steps, quantity]) {
            const left = quantity - unitsOfPoints({ amount, quantity }, before);
            if (left === 0n) break;
            const part = pointsOfPart({ amount, quantity }, before, step < left ? step : left);
            if (part === 0n) continue;
            const units = unitsOfPart({ amount, quantity }, before, part);
            expect(units).toBeDefined();
            before += part;
            back += units ?? 0n;
            // Points given back + price × units that are left ≤ points paid, without a fraction.
            expect(before * quantity + amount * (quantity - back)).toBeLessThanOrEqual(
              amount * quantity,
            );
          }
          expect([before, back]).toEqual([amount, quantity]);
        },
      ),
    );
  });

  it('are no fraction: an amount between two of them is refused, and the amounts that can be are named', () => {
    fc.assert(
      fc.property(redeemed, fc.nat(), (whole, cut) => {
        const amount = (BigInt(cut) % whole.amount) + 1n;
        const sums = Array.from({ length: Number(whole.quantity) }, (_, index) =>
          pointsOfUnits(whole, BigInt(index + 1)),
        );
        expect(unitsOfPart(whole, 0n, amount) !== undefined).toBe(sums.includes(amount));
        const named = notWholeUnits(whole, 0n, 0, whole.quantity).extra[
          'amounts'
        ] as readonly string[];
        for (const one of named) expect(unitsOfPart(whole, 0n, BigInt(one))).toBeDefined();
        expect(named.at(-1)).toBe(String(whole.amount));
      }),
    );
  });

  it('of which a part came back before count as units that are still to come back', () => {
    const two = { amount: 2_000n, quantity: 2n };
    expect(unitsOfPoints(two, 500n)).toBe(0n);
    expect([500n, 1_500n, 999n, 1_000n].map((part) => unitsOfPart(two, 500n, part))).toEqual([
      1n,
      2n,
      undefined,
      undefined,
    ]);
    expect(notWholeUnits(two, 500n, 0, 2n)).toMatchObject({
      code: 'not_whole_units',
      status: 409,
      extra: { amounts: ['500', '1500'] },
    });
  });
});
