// Paying out pro rata: exact in every round, never more than is due, and independent of the order
// of the claims.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { long, seedOf } from '../../../test/fixtures/seed.ts';
import { decidePayouts, type Claim } from './distribute.ts';
import { NET } from './types.ts';
import type { PlatformId } from '../../kernel/ids.ts';

const parameters = { seed: seedOf('distribute'), numRuns: long ? 200_000 : 2_000 };

const claim = (name: string, amount: bigint, paid = 0n): Claim => ({
  participant: name as PlatformId,
  basis: NET,
  claim: amount,
  paid,
});
const byName = (shares: readonly (Claim & { readonly amount: bigint })[]): Record<string, bigint> =>
  Object.fromEntries(shares.map(({ participant, amount }) => [participant, amount]));

describe('what has come in', () => {
  it('is divided in proportion, and what rounding leaves goes to the largest claims, one unit each, ties by name', () => {
    expect(
      byName(decidePayouts(1_696_900n, [claim('a', 830_700n), claim('b', 1_096_900n)])),
    ).toEqual({ a: 731_279n, b: 965_621n });
    expect(byName(decidePayouts(2n, [claim('c', 5n), claim('b', 7n), claim('a', 7n)]))).toEqual({
      a: 1n,
      b: 1n,
      c: 0n,
    });
    expect(byName(decidePayouts(2n, [claim('c', 5n), claim('b', 7n), claim('a', 7n)]))).toEqual({
      a: 1n,
      b: 1n,
      c: 0n,
    });
    expect(byName(decidePayouts(19n, [claim('c', 5n), claim('b', 7n), claim('a', 7n)]))).toEqual({
      a: 7n,
      b: 7n,
      c: 5n,
    });
  });

  it('is divided by what everybody has altogether: several rounds come to what one would have', () => {
    const first = byName(decidePayouts(50n, [claim('a', 100n), claim('b', 100n)]));
    expect(first).toEqual({ a: 25n, b: 25n });
    // A third claim grows beside them: it catches up first.
    expect(
      byName(decidePayouts(30n, [claim('a', 100n, 25n), claim('b', 100n, 25n), claim('c', 100n)])),
    ).toEqual({ a: 2n, b: 2n, c: 26n });
    // A claim that already has more than its share gets nothing, and keeps it.
    expect(
      byName(decidePayouts(10n, [claim('a', 100n, 90n), claim('b', 100n), claim('c', 50n)])),
    ).toEqual({ b: 7n, c: 3n });
  });

  it('never gives more than is due nor takes anything back, comes to all of it, and does not depend on the order', () => {
    const claims = fc.uniqueArray(
      fc.record({ name: fc.stringMatching(/^[a-z]{1,3}$/), amount: fc.bigInt(1n, 10n ** 12n) }),
      { minLength: 1, maxLength: 12, selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(
        claims,
        fc.array(fc.bigInt(0n, 10n ** 12n), { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        (list, incomes, random) => {
          const whole = list.reduce((sum, { amount }) => sum + amount, 0n);
          const paid = new Map(list.map(({ name }) => [name, 0n]));
          let come = 0n;
          for (const income of incomes) {
            const outstanding = whole - come;
            const available = income % (outstanding + 1n);
            const now = list.map(({ name, amount }) => claim(name, amount, paid.get(name)));
            const shuffled = now
              .map((each) => ({ each, at: random.next().value ?? 0 }))
              .toSorted((a, b) => a.at - b.at)
              .map(({ each }) => each);
            const shares = decidePayouts(available, shuffled);
            expect(byName(shares)).toEqual(byName(decidePayouts(available, now)));
            expect(shares.reduce((sum, { amount }) => sum + amount, 0n)).toBe(available);
            for (const { participant, amount } of shares) {
              expect(amount >= 0n).toBe(true);
              paid.set(participant, (paid.get(participant) ?? 0n) + amount);
            }
            come += available;
            for (const { name, amount } of list) {
              const has = paid.get(name) ?? 0n;
              expect(has <= amount).toBe(true);
              // In each round within a unit of its share of all money that has come in.
              const error = has * whole - come * amount;
              expect(
                error < whole * BigInt(list.length) && error > -whole * BigInt(list.length),
              ).toBe(true);
            }
          }
          expect([...paid.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(come);
        },
      ),
      parameters,
    );
  });
});
