// Decisions under rules: value is conserved to the minor unit, whatever the rates, fees and
// bonuses; undoing all of it leaves nothing behind.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMemoryLedger,
  SETTLEMENT_ASSET_ID,
  type MemoryLedger,
} from '../../test/fixtures/ledger-view.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { RulebookDocument } from '../valuation/valuation.ts';
import { postedBalance } from './account.ts';
import type { Command } from './commands/commands.ts';

const seed = seedOf('decide-rules');
const NOW = Date.UTC(2126, 2, 10, 12);
const A = 'platform_a' as PlatformId;
const B = 'platform_b' as PlatformId;
const ann = '00000000-0000-4000-8000-000000000001' as MemberId;
const bob = '00000001-0000-4000-8000-000000000002' as MemberId;

type Rule = RulebookDocument['rules'][string];

const share = fc.constantFrom('0', '0.003', '0.01', '0.333333', '1');
const points = fc.constantFrom('0', '0.01', '0.5', '3', '1000');
const rule: fc.Arbitrary<Rule> = fc.oneof(
  fc
    .record({
      rate: share,
      flat: points,
      on: fc.constantFrom('source' as const, 'target' as const),
    })
    .map((fee): Rule => ({ kind: 'fee', fee })),
  fc
    .record({
      rate: share,
      minimum: points,
      on: fc.constantFrom('source' as const, 'target' as const),
    })
    .map((fee): Rule => ({ kind: 'fee', fee })),
  fc
    .record({
      rate: share,
      flat: points,
      maximum: points,
      paid_by: fc.constantFrom('source' as const, 'target' as const),
    })
    .map((bonus): Rule => ({ kind: 'bonus', bonus })),
  fc.constantFrom('0.001', '0.7', '1.0', '123.456').map((rate): Rule => ({ kind: 'rate', rate })),
  fc
    .record({
      maximum: fc.constantFrom('0.5', '50', '2000'),
      measure: fc.constantFrom('points' as const, 'value' as const, 'count' as const),
      per: fc.constantFrom('day' as const, 'month' as const),
      of: fc.constantFrom('member' as const, 'platform' as const, 'pair' as const),
    })
    .map((limit): Rule => ({ kind: 'limit', limit })),
);
const rules = fc
  .array(rule, { maxLength: 5 })
  .map((list) => Object.fromEntries(list.map((one, index) => [`rule_${index}`, one])));

function network(these: RulebookDocument['rules'], tenths: number): MemoryLedger {
  const shape = { clawback: 'debt' as const, lifetimeDays: null, stock: 0n };
  const ledger = createMemoryLedger(
    2,
    [
      { ...shape, platformId: A, multiplierTenths: 10 },
      { ...shape, platformId: B, multiplierTenths: tenths },
    ],
    () => NOW,
    these,
  );
  for (const memberId of [ann, bob])
    ledger.submit({ kind: 'earn', platformId: A, memberId, key: 'opening', amount: 10_000_000n });
  return ledger;
}

/** What every account holds; those that hold nothing are left out. */
function contents(ledger: MemoryLedger): Record<string, string> {
  const held = ledger
    .accounts()
    .map(
      (one) =>
        [
          `${one.bucket} ${one.ownerId} ${one.assetId} ${one.purpose} ${one.expiresOn}`,
          postedBalance(one),
        ] as const,
    );
  return Object.fromEntries(
    held.filter(([, balance]) => balance !== 0n).map(([name, balance]) => [name, String(balance)]),
  );
}

function sums(ledger: MemoryLedger): Map<number, bigint> {
  const byAsset = new Map<number, bigint>();
  for (const account of ledger.accounts())
    byAsset.set(account.assetId, (byAsset.get(account.assetId) ?? 0n) + postedBalance(account));
  return byAsset;
}

const amount = fc.oneof(fc.bigInt({ min: 1n, max: 400n }), fc.bigInt({ min: 1n, max: 300_000n }));
const conversion = (
  memberId: MemberId,
  toMemberId: MemberId,
  value: bigint,
  key: string,
): Command => ({
  kind: 'transfer',
  platformId: A,
  targetPlatformId: B,
  memberId,
  toMemberId,
  amount: value,
  key,
});

describe('conversions under any rules', () => {
  it('sum to zero for each asset, and say exactly what they moved', () => {
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(amount, fc.boolean()), { minLength: 1, maxLength: 6 }),
        (these, tenths, sent) => {
          const ledger = network(these, tenths);
          sent.forEach(([value, self], index) => {
            const before = {
              position: ledger.total(A, 'position', SETTLEMENT_ASSET_ID),
              issued: ledger.total(B, 'issued'),
              kept: ledger.total(B, 'fee'),
              redeemed: ledger.total(A, 'redeemed'),
              fee: ledger.total(A, 'fee'),
            };
            const done = ledger.submit(conversion(ann, self ? ann : bob, value, `c${index}`));
            if (done.transaction === undefined) return;
            const { credited, fee, amount: moved } = done.transaction;
            expect(ledger.total(A, 'redeemed') - before.redeemed + (fee ?? 0n)).toBe(moved);
            expect(ledger.total(A, 'fee') - before.fee).toBe(fee);
            expect(before.issued - ledger.total(B, 'issued')).toBe(
              (credited ?? 0n) + ledger.total(B, 'fee') - before.kept,
            );
            expect(ledger.total(A, 'position', SETTLEMENT_ASSET_ID)).toBeLessThan(before.position);
          });
          for (const sum of sums(ledger).values()) expect(sum).toBe(0n);
          const rounding = ledger
            .accounts()
            .filter(({ purpose }) => purpose === 'rounding')
            .reduce((sum, one) => sum + postedBalance(one), 0n);
          expect(rounding).toBeGreaterThanOrEqual(0n);
          expect(
            ledger.total(A, 'position', SETTLEMENT_ASSET_ID) +
              ledger.total(B, 'position', SETTLEMENT_ASSET_ID) +
              rounding,
          ).toBe(0n);
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  it('leave nothing behind when they are reversed, in one piece or in many: fees, bonuses, rounding, positions and allowances', () => {
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 1, max: 40 }),
        fc.bigInt({ min: 1n, max: 300_000n }),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 4 }),
        (these, tenths, value, self, cuts) => {
          const ledger = network(these, tenths);
          const before = contents(ledger);
          const done = ledger.submit(conversion(ann, self ? ann : bob, value, 'c'));
          if (done.transaction === undefined) return;
          const transactionId: TransactionId = done.transaction.transactionId;
          let left = value;
          cuts.forEach((percent, index) => {
            const part = (left * BigInt(percent)) / 100n;
            if (part === 0n) return;
            expect(
              ledger.submit({
                kind: 'reverse',
                platformId: A,
                memberId: ann,
                key: `r${index}`,
                transactionId,
                amount: part,
                reason: 'x',
              }).code,
            ).toBe('posted');
            left -= part;
            for (const sum of sums(ledger).values()) expect(sum).toBe(0n);
          });
          expect(
            ledger.submit({
              kind: 'reverse',
              platformId: A,
              memberId: ann,
              key: 'last',
              transactionId,
              reason: 'x',
            }).code,
          ).toBe('posted');
          expect(contents(ledger)).toEqual(before);
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});

describe('a limit', () => {
  it('lets through no more than its maximum, and counts exactly what went through and was not undone', () => {
    const step = fc.record({
      value: fc.bigInt({ min: 1n, max: 900n }),
      member: fc.constantFrom(ann, bob),
      undo: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom('member' as const, 'platform' as const, 'pair' as const),
        fc.array(step, { minLength: 1, maxLength: 25 }),
        (of, steps) => {
          const ledger = network(
            {
              limited: {
                kind: 'limit',
                limit: { maximum: '20', measure: 'points', per: 'day', of },
              },
            },
            12,
          );
          const used = new Map<MemberId, bigint>([
            [ann, 0n],
            [bob, 0n],
          ]);
          const posted: { id: TransactionId; member: MemberId; value: bigint }[] = [];
          steps.forEach(({ value, member, undo }, index) => {
            const taken =
              of === 'member'
                ? (used.get(member) ?? 0n)
                : [...used.values()].reduce((a, b) => a + b, 0n);
            const done = ledger.submit(conversion(member, member, value, `c${index}`));
            // The smallest amount is too small to become a point.
            if (value > 1n)
              expect(done.code).toBe(taken + value <= 2_000n ? 'posted' : 'limit_exceeded');
            if (done.transaction !== undefined) {
              used.set(member, (used.get(member) ?? 0n) + value);
              posted.push({ id: done.transaction.transactionId, member, value });
            }
            const back = undo < 3 ? posted.splice(undo, 1)[0] : undefined;
            if (back === undefined) return;
            expect(
              ledger.submit({
                kind: 'reverse',
                platformId: A,
                memberId: back.member,
                key: `u${index}`,
                transactionId: back.id,
                reason: 'x',
              }).code,
            ).toBe('posted');
            used.set(back.member, (used.get(back.member) ?? 0n) - back.value);
          });
        },
      ),
      { seed, numRuns: 200 },
    );
  });
});
