// Shares of parts: exact in sum, and never on the side of whoever keeps the rest.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { seedOf } from '../../test/fixtures/seed.ts';
import { shareOf, type Rounding } from './share.ts';

const seed = seedOf('share');

const table = `
  total  whole  before  part  sooner  later
      1   1000       0   999       1      0
      1   1000     999     1       0      1
     50     50       0     3       3      3
    302    333       0   100      91     90
    302    333     100   233     211    212
     -1   1000       0   999      -1      0
     -1   1000     999     1       0     -1
      0      7       0     3       0      0`;
const cases = table
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.trim().split(/ +/).map(BigInt));

it.each(cases)(
  'of %s over %s from %s on, a part of %s moves %s sooner, %s later',
  (total, whole, before, amount, sooner, later) => {
    const part = { before: before ?? 0n, amount: amount ?? 0n };
    expect(shareOf(total ?? 0n, whole ?? 1n, part, 'sooner')).toBe(sooner);
    expect(shareOf(total ?? 0n, whole ?? 1n, part, 'later')).toBe(later);
  },
);

it('gives exactly the whole in the end, and until then at least or at most its share', () => {
  const total = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 15n }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      total,
      amounts,
      fc.constantFrom<Rounding[]>('sooner', 'later'),
      (sum, parts, rounding) => {
        const whole = parts.reduce((all, part) => all + part, 0n);
        let before = 0n;
        let moved = 0n;
        for (const amount of parts) {
          moved += shareOf(sum, whole, { before, amount }, rounding);
          before += amount;
          const rest = (sum - moved) * whole - sum * (whole - before);
          const kept = sum < 0n ? -rest : rest;
          if (rounding === 'sooner') expect(kept <= 0n && kept > -whole).toBe(true);
          else expect(kept >= 0n && kept < whole).toBe(true);
        }
        expect(moved).toBe(sum);
      },
    ),
    { seed },
  );
});
