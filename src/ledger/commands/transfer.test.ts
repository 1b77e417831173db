// Converting never makes points out of nothing and never makes them live longer.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryLedger, type MemoryLedger } from '../../../test/fixtures/ledger-view.ts';
import { seedOf } from '../../../test/fixtures/seed.ts';
import type { MemberId, PlatformId } from '../../kernel/ids.ts';
import { addDays } from '../../kernel/time.ts';
import type { ExpiryTerms } from '../../valuation/valuation.ts';
import { postedBalance } from '../account.ts';
import { splitByWeight } from '../plan.ts';

const seed = seedOf('decide-transfer');
const ANN = '00000000-0000-4000-8000-000000000000' as MemberId;
const NOW = Date.UTC(2026, 0, 1);
const platform = fc.constantFrom('platform_a', 'platform_b', 'platform_c');

function network(lifetimeDays: number | null): MemoryLedger {
  const shape = { clawback: 'debt' as const, lifetimeDays, stock: 0n };
  const multipliers: readonly [string, number][] = [
    ['platform_a', 10],
    ['platform_b', 12],
    ['platform_c', 8],
  ];
  return createMemoryLedger(
    1,
    multipliers.map(([platformId, multiplierTenths]) => ({
      ...shape,
      platformId,
      multiplierTenths,
    })),
    () => NOW,
  );
}

function lots(ledger: MemoryLedger, name: string): { expiresOn: string; amount: bigint }[] {
  return ledger
    .wallet(ANN, name)
    .lots.filter((lot) => postedBalance(lot) > 0n)
    .map((lot) => ({ expiresOn: lot.expiresOn, amount: postedBalance(lot) }));
}

describe('converting', () => {
  it('around any ring of platforms never gains a point', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 14n }),
        platform,
        fc.array(platform, { minLength: 1, maxLength: 5 }),
        (amount, start, ring) => {
          const ledger = network(null);
          const move = (from: string, to: string, key: string): string => {
            const all = lots(ledger, from).reduce((sum, lot) => sum + lot.amount, 0n);
            if (from === to || all === 0n) return 'posted';
            return ledger.submit({
              kind: 'transfer',
              platformId: from as PlatformId,
              memberId: ANN,
              toMemberId: ANN,
              targetPlatformId: to as PlatformId,
              amount: all,
              key,
            }).code;
          };
          ledger.submit({
            kind: 'earn',
            platformId: start as PlatformId,
            memberId: ANN,
            amount,
            key: 'start',
          });
          let at = start;
          for (const [index, next] of [...ring, start].entries()) {
            const code = move(at, next, `hop ${index}`);
            expect(['posted', 'amount_too_small']).toContain(code);
            if (code !== 'posted') return;
            at = next;
          }
          expect(
            lots(ledger, start).reduce((sum, lot) => sum + lot.amount, 0n),
          ).toBeLessThanOrEqual(amount);
        },
      ),
      { seed },
    );
  });

  const earns = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 60 }), fc.bigInt({ min: 1n, max: 10_000n })),
    { minLength: 1, maxLength: 8 },
  );
  it('credits as many points as the rate says, none of which lives longer than what it was made of or than the target allows', () => {
    fc.assert(
      fc.property(
        earns,
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom(null, 10, 40),
        (earned, percent, lifetimeDays) => {
          const ledger = network(lifetimeDays);
          earned.forEach(([days, amount], index) =>
            ledger.submit({
              kind: 'earn',
              platformId: 'platform_a' as PlatformId,
              memberId: ANN,
              amount,
              expiresOn: addDays('2026-01-01', days),
              key: String(index),
            }),
          );
          const before = lots(ledger, 'platform_a');
          const amount =
            (before.reduce((sum, lot) => sum + lot.amount, 0n) * BigInt(percent)) / 100n;
          fc.pre(amount > 1n);
          const { code } = ledger.submit({
            kind: 'transfer',
            platformId: 'platform_a' as PlatformId,
            memberId: ANN,
            toMemberId: ANN,
            targetPlatformId: 'platform_b' as PlatformId,
            amount,
            key: 'convert',
          });
          expect(code).toBe('posted');
          const after = lots(ledger, 'platform_b');
          expect(after.reduce((sum, lot) => sum + lot.amount, 0n)).toBe((amount * 10n) / 12n);
          const latest = lifetimeDays === null ? 'infinity' : addDays('2026-01-01', lifetimeDays);
          // Of the points that expire after any day, never more are credited than were spent, in
          // proportion.
          for (const { expiresOn } of after) {
            expect(expiresOn <= latest).toBe(true);
            const later = (parts: readonly { expiresOn: string; amount: bigint }[]): bigint =>
              parts.reduce((sum, lot) => sum + (lot.expiresOn >= expiresOn ? lot.amount : 0n), 0n);
            const spent = later(before) - later(lots(ledger, 'platform_a'));
            expect(later(after) * 12n).toBeLessThanOrEqual(spent * 10n + 11n);
            expect(spent).toBeGreaterThan(0n);
          }
        },
      ),
      { seed },
    );
  });
});

const NAMES = ['platform_a', 'platform_b', 'platform_c'] as const;
const MULTIPLIERS = [10, 12, 8];
const START = '2026-01-30';
const policy: fc.Arbitrary<ExpiryTerms> = fc.oneof(
  fc.constant({ policy: 'none' as const }),
  fc
    .constantFrom('2026-02-10', '2026-12-31', '2099-12-31')
    .map((on) => ({ policy: 'fixed' as const, on })),
  fc.integer({ min: 1, max: 14 }).map((months) => ({ policy: 'rolling' as const, months })),
  fc.integer({ min: 1, max: 400 }).map((days) => ({ policy: 'rolling_days' as const, days })),
  fc.integer({ min: 0, max: 1 }).map((years) => ({ policy: 'end_of_year' as const, years })),
);

/** The last day that a policy gives on a day, worked out apart from the program. */
function lastDay(terms: ExpiryTerms, today: string): string {
  const [year, month, day] = today.split('-').map(Number) as [number, number, number];
  switch (terms.policy) {
    case 'none':
      return 'infinity';
    case 'fixed':
      return terms.on;
    case 'rolling_days':
      return new Date(Date.UTC(year, month - 1, day + terms.days)).toISOString().slice(0, 10);
    case 'end_of_year':
      return `${year + terms.years}-12-31`;
    case 'rolling': {
      const lastOfMonth = new Date(Date.UTC(year, month + terms.months, 0)).getUTCDate();
      return new Date(Date.UTC(year, month - 1 + terms.months, Math.min(day, lastOfMonth)))
        .toISOString()
        .slice(0, 10);
    }
  }
}

it('converting never launders expiry, whatever the policies and however long the chain', () => {
  const earned = fc.array(
    fc.tuple(
      fc.nat(2),
      fc.option(fc.integer({ min: 0, max: 500 })),
      fc.bigInt({ min: 1n, max: 10_000n }),
    ),
    { minLength: 1, maxLength: 6 },
  );
  const hops = fc.array(
    fc.tuple(fc.nat(2), fc.nat(2), fc.integer({ min: 1, max: 100 }), fc.nat(40)),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(fc.tuple(policy, policy, policy), earned, hops, (policies, lotsEarned, chain) => {
      let today = START;
      const ledger = createMemoryLedger(
        1,
        NAMES.map((platformId, index) => ({
          platformId,
          clawback: 'debt' as const,
          lifetimeDays: null,
          stock: 0n,
          multiplierTenths: MULTIPLIERS[index] ?? 10,
          expiry: policies[index],
        })),
        () => Date.parse(`${today}T12:00:00Z`),
      );
      const lotsOf = (index: number): ReturnType<typeof lots> => lots(ledger, NAMES[index] ?? '');
      /** Worth of all points that live on that day, in tenths of the base value. */
      const living = (day: string): bigint =>
        NAMES.reduce(
          (sum, _name, index) =>
            sum +
            BigInt(MULTIPLIERS[index] ?? 0) *
              lotsOf(index).reduce(
                (points, lot) => (lot.expiresOn >= day ? points + lot.amount : points),
                0n,
              ),
          0n,
        );
      lotsEarned.forEach(([at, days, amount], index) =>
        ledger.submit({
          kind: 'earn',
          platformId: NAMES[at] as string as PlatformId,
          memberId: ANN,
          amount,
          key: `earn ${index}`,
          ...(days === null ? {} : { expiresOn: addDays(START, days) }),
        }),
      );
      for (const [index, [from, to, percent, days]] of chain.entries()) {
        today = addDays(today, days);
        const before = [lotsOf(from), lotsOf(to)] as const;
        const amount =
          (before[0].reduce((sum, lot) => (lot.expiresOn >= today ? sum + lot.amount : sum), 0n) *
            BigInt(percent)) /
          100n;
        if (from === to || amount === 0n) continue;
        const everyDay = [
          ...new Set(NAMES.flatMap((_name, at) => lotsOf(at).map((lot) => lot.expiresOn))),
        ];
        const living0 = new Map(everyDay.map((day) => [day, living(day)]));
        const { code } = ledger.submit({
          kind: 'transfer',
          platformId: NAMES[from] as string as PlatformId,
          targetPlatformId: NAMES[to] as string as PlatformId,
          memberId: ANN,
          toMemberId: ANN,
          amount,
          key: `hop ${index}`,
        });
        const latest = lastDay(policies[to] ?? { policy: 'none' }, today);
        // Points that would have lapsed already are not made.
        if (latest < today) expect(['invalid_expiry', 'amount_too_small']).toContain(code);
        else expect(['posted', 'amount_too_small']).toContain(code);
        const of = (list: ReturnType<typeof lots>, day: string): bigint =>
          list.find((lot) => lot.expiresOn === day)?.amount ?? 0n;
        const spent = before[0]
          .filter((lot) => of(lotsOf(from), lot.expiresOn) < lot.amount)
          .map((lot) => lot.expiresOn);
        const credited = lotsOf(to)
          .filter((lot) => lot.amount > of(before[1], lot.expiresOn))
          .map((lot) => lot.expiresOn);
        // Each credited day is that of points that were spent, or the earlier one that the target's
        // policy gives today.
        for (const day of credited) {
          expect(day <= latest).toBe(true);
          expect(spent.some((origin) => (origin < latest ? origin : latest) === day)).toBe(true);
        }
        // What lives on any day never comes to more than before; the split of a credit may round
        // one part up by a unit.
        for (const [day, worth] of living0)
          expect(living(day)).toBeLessThanOrEqual(worth + BigInt(MULTIPLIERS[to] ?? 0));
      }
      const origins = lotsEarned.map(([at, days]) =>
        days === null ? lastDay(policies[at] ?? { policy: 'none' }, START) : addDays(START, days),
      );
      for (const index of NAMES.keys())
        for (const lot of lotsOf(index))
          expect(origins.some((origin) => lot.expiresOn <= origin)).toBe(true);
    }),
    { seed, numRuns: 300 },
  );
});

it('a split gives all of the total, each part within one unit of its share', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 15n }),
      fc.array(fc.bigInt({ min: 1n, max: 10n ** 15n }), { minLength: 1, maxLength: 10 }),
      (total, weights) => {
        const parts = splitByWeight(total, weights);
        const sum = weights.reduce((a, b) => a + b, 0n);
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(total);
        parts.forEach((part, index) => {
          const exact = total * (weights[index] ?? 0n);
          expect(part * sum).toBeGreaterThan(exact - sum);
          expect(part * sum).toBeLessThan(exact + sum);
        });
      },
    ),
    { seed },
  );
});
