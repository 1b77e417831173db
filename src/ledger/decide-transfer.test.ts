// Converting never makes points out of nothing and never makes them live longer.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryLedger, type MemoryLedger } from '../../test/fixtures/ledger-view.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { addDays } from '../kernel/time.ts';
import { postedBalance } from './account.ts';
import { splitByWeight } from './plan.ts';

const seed = seedOf('decide-transfer');
const ANN = '00000000-0000-4000-8000-000000000000' as MemberId;
const NOW = Date.UTC(2026, 0, 1);
const platform = fc.constantFrom('platform_a', 'platform_b', 'platform_c');

function network(lifetimeDays: number | null): MemoryLedger {
  const shape = { clawback: 'debt' as const, lifetimeDays, stock: 0n };
  const multipliers: readonly [string, number][] = [['platform_a', 10], ['platform_b', 12], ['platform_c', 8]];
  return createMemoryLedger(1, multipliers.map(([platformId, multiplierTenths]) => ({ ...shape, platformId, multiplierTenths })), () => NOW);
}

function lots(ledger: MemoryLedger, name: string): { expiresOn: string; amount: bigint }[] {
  return ledger.wallet(ANN, name).lots.filter((lot) => postedBalance(lot) > 0n).map((lot) => ({ expiresOn: lot.expiresOn, amount: postedBalance(lot) }));
}

describe('converting', () => {
  it('around any ring of platforms never gains a point', () => {
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: 10n ** 14n }), platform, fc.array(platform, { minLength: 1, maxLength: 5 }), (amount, start, ring) => {
      const ledger = network(null);
      const move = (from: string, to: string, key: string): string => {
        const all = lots(ledger, from).reduce((sum, lot) => sum + lot.amount, 0n);
        if (from === to || all === 0n) return 'posted';
        return ledger.submit({ kind: 'transfer', platformId: from as PlatformId, memberId: ANN, toMemberId: ANN, targetPlatformId: to as PlatformId, amount: all, key }).code;
      };
      ledger.submit({ kind: 'earn', platformId: start as PlatformId, memberId: ANN, amount, key: 'start' });
      let at = start;
      for (const [index, next] of [...ring, start].entries()) {
        const code = move(at, next, `hop ${index}`);
        expect(['posted', 'amount_too_small']).toContain(code);
        if (code !== 'posted') return;
        at = next;
      }
      expect(lots(ledger, start).reduce((sum, lot) => sum + lot.amount, 0n)).toBeLessThanOrEqual(amount);
    }), { seed });
  });

  const earns = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.bigInt({ min: 1n, max: 10_000n })), { minLength: 1, maxLength: 8 });
  it('credits as many points as the rate says, none of which lives longer than what it was made of or than the target allows', () => {
    fc.assert(fc.property(earns, fc.integer({ min: 1, max: 100 }), fc.constantFrom(null, 10, 40), (earned, percent, lifetimeDays) => {
      const ledger = network(lifetimeDays);
      earned.forEach(([days, amount], index) => ledger.submit({ kind: 'earn', platformId: 'platform_a' as PlatformId, memberId: ANN, amount, expiresOn: addDays('2026-01-01', days), key: String(index) }));
      const before = lots(ledger, 'platform_a');
      const amount = (before.reduce((sum, lot) => sum + lot.amount, 0n) * BigInt(percent)) / 100n;
      fc.pre(amount > 1n);
      const { code } = ledger.submit({ kind: 'transfer', platformId: 'platform_a' as PlatformId, memberId: ANN, toMemberId: ANN, targetPlatformId: 'platform_b' as PlatformId, amount, key: 'convert' });
      expect(code).toBe('posted');
      const after = lots(ledger, 'platform_b');
      expect(after.reduce((sum, lot) => sum + lot.amount, 0n)).toBe((amount * 10n) / 12n);
      const latest = lifetimeDays === null ? 'infinity' : addDays('2026-01-01', lifetimeDays);
      // Of the points that expire after any day, never more are credited than were spent, in proportion.
      for (const { expiresOn } of after) {
        expect(expiresOn <= latest).toBe(true);
        const later = (parts: readonly { expiresOn: string; amount: bigint }[]): bigint => parts.reduce((sum, lot) => sum + (lot.expiresOn >= expiresOn ? lot.amount : 0n), 0n);
        const spent = later(before) - later(lots(ledger, 'platform_a'));
        expect(later(after) * 12n).toBeLessThanOrEqual(spent * 10n + 11n);
        expect(spent).toBeGreaterThan(0n);
      }
    }), { seed });
  });
});

it('a split gives all of the total, each part within one unit of its share', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.array(fc.bigInt({ min: 1n, max: 10n ** 15n }), { minLength: 1, maxLength: 10 }), (total, weights) => {
    const parts = splitByWeight(total, weights);
    const sum = weights.reduce((a, b) => a + b, 0n);
    expect(parts.reduce((a, b) => a + b, 0n)).toBe(total);
    parts.forEach((part, index) => {
      const exact = total * (weights[index] ?? 0n);
      expect(part * sum).toBeGreaterThan(exact - sum);
      expect(part * sum).toBeLessThan(exact + sum);
    });
  }), { seed });
});
