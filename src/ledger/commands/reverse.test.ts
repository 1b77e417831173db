// Reversing gives back what was taken, to the lot and to the minor unit, in whatever parts; and
// debt arises in no other way.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMemoryLedger,
  SETTLEMENT_ASSET_ID,
  type MemoryLedger,
  type MemoryPlatform,
} from '../../../test/fixtures/ledger-view.ts';
import { seedOf } from '../../../test/fixtures/seed.ts';
import type { MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import { debtOf, MAX_COUNTER, postedBalance, walletBalance, type Account } from '../account.ts';
import type { Command } from './commands.ts';
import type { Clawback } from '../types.ts';

const seed = seedOf('decide-reverse');
const ANN = '00000000-0000-4000-8000-000000000000' as MemberId;
const BOB = '00000003-0000-4000-8000-000000000000' as MemberId;
const NOW = Date.UTC(2026, 0, 1);
const LIMIT = 10n ** 15n;

type Bare<C> = C extends Command ? Omit<C, 'platformId' | 'memberId' | 'key'> : never;

function network(
  settings: Partial<MemoryPlatform> = {},
  tenths = 12,
): {
  ledger: MemoryLedger;
  submit(
    platform: string,
    member: MemberId,
    command: Bare<Command>,
  ): { code: string; id: TransactionId };
} {
  const shape = { clawback: 'debt' as Clawback, lifetimeDays: null, stock: 1_000n, ...settings };
  const ledger = createMemoryLedger(
    4,
    [
      { ...shape, platformId: 'platform_a', multiplierTenths: 10 },
      { ...shape, platformId: 'platform_b', multiplierTenths: tenths },
    ],
    () => NOW,
  );
  let count = 0;
  return {
    ledger,
    submit: (platform, memberId, command) => {
      const { code, transaction } = ledger.submit({
        ...command,
        platformId: platform as PlatformId,
        memberId,
        key: String((count += 1)),
      });
      return { code, id: transaction?.transactionId ?? ('' as TransactionId) };
    },
  };
}

function lots(ledger: MemoryLedger, member: MemberId, platform: string): string[] {
  return ledger
    .wallet(member, platform)
    .lots.filter((lot) => postedBalance(lot) !== 0n)
    .map((lot) => `${lot.expiresOn} ${postedBalance(lot)}`);
}

const earns = fc.array(
  fc.record({
    day: fc.constantFrom('2026-02-01', '2026-03-01', '2026-04-01', 'infinity'),
    amount: fc.bigInt({ min: 1n, max: 10n ** 9n }),
  }),
  { minLength: 1, maxLength: 6 },
);
const cuts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { maxLength: 5 });
/** Of a redemption. */
const UNITS = 7n;
const spending = fc.constantFrom('redeem', 'transfer', 'conversion', 'hold and capture');

describe('reverse', () => {
  it('restores every lot exactly once all parts are reversed, and both sides and positions too', () => {
    fc.assert(
      fc.property(
        earns,
        spending,
        fc.integer({ min: 1, max: 100 }),
        cuts,
        (earned, how, percent, parts) => {
          const { ledger, submit } = network();
          for (const { day, amount } of earned)
            submit('platform_a', ANN, { kind: 'earn', amount, expiresOn: day });
          const all = earned.reduce((sum, { amount }) => sum + amount, 0n);
          const amount = (all * BigInt(percent)) / 100n;
          fc.pre(amount > 1n);
          const before = lots(ledger, ANN, 'platform_a');
          const spent = spend(submit, how, amount, ledger);
          expect(spent.code).toBe('posted');
          let left = amount;
          for (const cut of parts) {
            // What is redeemed goes back in whole units.
            const part =
              how === 'redeem' ? (amount * ((cut % UNITS) + 1n)) / UNITS - (amount - left) : cut;
            if (part >= left) break;
            if (part <= 0n) continue;
            expect(
              submit('platform_a', ANN, {
                kind: 'reverse',
                transactionId: spent.id,
                amount: part,
                reason: 'test',
              }).code,
            ).toBe('posted');
            left -= part;
          }
          expect(
            submit('platform_a', ANN, {
              kind: 'reverse',
              transactionId: spent.id,
              amount: left + 1n,
              reason: 'test',
            }).code,
          ).toBe('already_reversed');
          expect(
            submit('platform_a', ANN, { kind: 'reverse', transactionId: spent.id, reason: 'test' })
              .code,
          ).toBe('posted');
          expect(lots(ledger, ANN, 'platform_a')).toEqual(before);
          for (const platform of ['platform_a', 'platform_b']) {
            expect(lots(ledger, BOB, platform)).toEqual([]);
            expect(debtOf(ledger.wallet(BOB, platform))).toBe(0n);
            expect(ledger.total(platform, 'redeemed')).toBe(0n);
            expect(ledger.total(platform, 'position', SETTLEMENT_ASSET_ID)).toBe(0n);
            expect(ledger.total(platform, 'delivered', ledger.rewardAssetId(platform))).toBe(0n);
          }
          expect(ledger.total('platform_b', 'issued')).toBe(0n);
        },
      ),
      { seed },
    );
  });

  it('refuses to make the target platform owe more than its cap', () => {
    const { submit } = network({ cap: 1_000n });
    submit('platform_a', ANN, { kind: 'earn', amount: 3_000n });
    submit('platform_b', BOB, { kind: 'earn', amount: 3_000n });
    const sent = submit('platform_a', ANN, {
      kind: 'transfer',
      amount: 1_000n,
      targetPlatformId: 'platform_b' as PlatformId,
      toMemberId: ANN,
    });
    expect(
      submit('platform_b', BOB, {
        kind: 'transfer',
        amount: 1_600n,
        targetPlatformId: 'platform_a' as PlatformId,
        toMemberId: BOB,
      }).code,
    ).toBe('posted');
    expect(
      submit('platform_a', ANN, { kind: 'reverse', transactionId: sent.id, reason: 'test' }).code,
    ).toBe('insufficient_reserve');
    expect(
      submit('platform_a', ANN, {
        kind: 'reverse',
        transactionId: sent.id,
        amount: 78n,
        reason: 'test',
      }).code,
    ).toBe('posted');
  });

  it('is for the platform and member of the original only', () => {
    const { submit } = network();
    const earned = submit('platform_a', ANN, { kind: 'earn', amount: 100n });
    expect(
      submit('platform_b', ANN, { kind: 'reverse', transactionId: earned.id, reason: 'test' }).code,
    ).toBe('transaction_not_found');
    expect(
      submit('platform_a', BOB, { kind: 'reverse', transactionId: earned.id, reason: 'test' }).code,
    ).toBe('transaction_not_found');
  });
});

function totalOf(ledger: MemoryLedger, member: MemberId, platform: string): bigint {
  return walletBalance(ledger.wallet(member, platform), '2026-01-01');
}

describe('a part of a conversion', () => {
  it('takes back the only unit that was credited, so that a way round gains nothing', () => {
    const { ledger, submit } = network({}, 10_000);
    submit('platform_a', ANN, { kind: 'earn', amount: 10_000n });
    const target = { targetPlatformId: 'platform_b' as PlatformId, toMemberId: ANN };
    for (let times = 0; times < 10; times += 1) {
      const sent = submit('platform_a', ANN, { kind: 'transfer', amount: 1_000n, ...target });
      submit('platform_a', ANN, {
        kind: 'reverse',
        transactionId: sent.id,
        amount: 999n,
        reason: 'test',
      });
      expect(totalOf(ledger, ANN, 'platform_b')).toBe(0n);
    }
    expect(totalOf(ledger, ANN, 'platform_a')).toBe(9_990n);
    expect(ledger.total('platform_b', 'position', SETTLEMENT_ASSET_ID)).toBe(0n);
    expect(ledger.total('platform_a', 'position', SETTLEMENT_ASSET_ID)).toBe(-10n);
  });

  it.each([
    [12, 50n, 3n],
    [13, 50n, 3n],
    [9, 50n, 1n],
    [11, 1_100n, 333n],
  ])(
    'at a rate of %s tenths, %s in parts of %s, never leaves more than the share of the rest',
    (tenths, whole, step) => {
      const { ledger, submit } = network({}, tenths);
      submit('platform_a', ANN, { kind: 'earn', amount: whole });
      const target = { targetPlatformId: 'platform_b' as PlatformId, toMemberId: BOB };
      const sent = submit('platform_a', ANN, { kind: 'transfer', amount: whole, ...target });
      const money = (platform: string): bigint =>
        ledger.total(platform, 'position', SETTLEMENT_ASSET_ID);
      const [credited, due, owed] = [
        totalOf(ledger, BOB, 'platform_b'),
        money('platform_b'),
        -money('platform_a'),
      ];
      for (let rest = whole; rest > 0n;) {
        const amount = rest < step ? rest : step;
        rest -= amount;
        expect(
          submit('platform_a', ANN, {
            kind: 'reverse',
            transactionId: sent.id,
            amount,
            reason: 'test',
          }).code,
        ).toBe('posted');
        expect(totalOf(ledger, BOB, 'platform_b')).toBe((credited * rest) / whole);
        expect(money('platform_b')).toBeLessThanOrEqual((due * rest) / whole);
        expect(-money('platform_a')).toBe((owed * rest + whole - 1n) / whole);
      }
      expect([
        totalOf(ledger, ANN, 'platform_a'),
        money('platform_a'),
        money('platform_b'),
      ]).toEqual([whole, 0n, 0n]);
    },
  );
});

describe('a conversion of which a part was reversed when all parts rounded down', () => {
  it('is caught up with by the next part, and comes to the whole', () => {
    const { ledger, submit } = network({}, 12);
    submit('platform_a', ANN, { kind: 'earn', amount: 1_100n });
    const target = { targetPlatformId: 'platform_b' as PlatformId, toMemberId: BOB };
    const sent = submit('platform_a', ANN, { kind: 'transfer', amount: 1_100n, ...target });
    const reverse = (amount?: bigint): string =>
      submit('platform_a', ANN, { kind: 'reverse', transactionId: sent.id, amount, reason: 'test' })
        .code;
    expect(reverse(333n)).toBe('posted');
    // 916 were credited for 1,100: of 333 the share is 277.3, of which 278 went back by the rule of
    // now, 277 by that of then.
    const [lot] = ledger.wallet(BOB, 'platform_b').lots;
    const other = (purpose: string): Account =>
      ledger
        .accounts()
        .find(
          (one) =>
            one.purpose === purpose && one.assetId === lot?.assetId && one.bucket === lot.bucket,
        )!;
    if (lot === undefined) throw new Error('nothing was credited');
    lot.creditsPosted += 1n;
    other('issued').debitsPosted += 1n;
    ledger.floored.set(sent.id, 333n);
    expect(totalOf(ledger, BOB, 'platform_b')).toBe(916n - 277n);
    expect(reverse(1n)).toBe('posted');
    expect(totalOf(ledger, BOB, 'platform_b')).toBe((916n * 766n) / 1_100n);
    expect(reverse()).toBe('posted');
    expect([totalOf(ledger, BOB, 'platform_b'), ledger.total('platform_b', 'issued')]).toEqual([
      0n,
      0n,
    ]);
  });
});

describe('debt', () => {
  const policies = `
    policy     spent  taken back  code              balance  debt  platform's cost
    debt          70          50  posted                -20    20                0
    available     70          50  posted                  0     0               20
    refuse        70          50  clawback_refused       30     0                0
    refuse        50          50  posted                  0     0                0`;
  const cases = policies
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}|(?<=\S) +(?=-?\d)/));
  it.each(cases)(
    'of policy %s when %s of 100 are spent and %s are taken back: %s',
    (policy, spent, taken, code, balance, debt, cost) => {
      const { ledger, submit } = network({ clawback: policy as Clawback });
      const earned = submit('platform_a', ANN, { kind: 'earn', amount: 100n });
      submit('platform_a', ANN, {
        kind: 'redeem',
        amount: BigInt(spent ?? ''),
        rewardAssetId: ledger.rewardAssetId('platform_a'),
        quantity: 1n,
      });
      expect(
        submit('platform_a', ANN, {
          kind: 'reverse',
          transactionId: earned.id,
          amount: BigInt(taken ?? ''),
          reason: 'test',
        }).code,
      ).toBe(code);
      const wallet = ledger.wallet(ANN, 'platform_a');
      expect(
        [
          walletBalance(wallet, '2026-01-01'),
          debtOf(wallet),
          -ledger.total('platform_a', 'clawback'),
        ].map(String),
      ).toEqual([balance, debt, cost]);
    },
  );

  it('is repaid first by whatever comes: an earn, a transfer, a conversion, a reversal', () => {
    const { ledger, submit } = network();
    submit('platform_a', ANN, { kind: 'clawback', amount: 100n });
    submit('platform_a', BOB, { kind: 'earn', amount: 50n });
    submit('platform_b', BOB, { kind: 'earn', amount: 50n });
    const debts: bigint[] = [];
    const debt = (): number => debts.push(debtOf(ledger.wallet(ANN, 'platform_a')));
    debt();
    submit('platform_a', ANN, { kind: 'earn', amount: 30n });
    debt();
    submit('platform_a', BOB, {
      kind: 'transfer',
      amount: 20n,
      targetPlatformId: 'platform_a' as PlatformId,
      toMemberId: ANN,
    });
    debt();
    submit('platform_b', BOB, {
      kind: 'transfer',
      amount: 10n,
      targetPlatformId: 'platform_a' as PlatformId,
      toMemberId: ANN,
    });
    debt();
    submit('platform_a', ANN, { kind: 'adjust', amount: 40n, reason: 'test' });
    debt();
    expect(debts).toEqual([100n, 70n, 50n, 38n, 0n]);
    expect(walletBalance(ledger.wallet(ANN, 'platform_a'), '2026-01-01')).toBe(2n);
  });
});

describe('the most a member can hold', () => {
  const entrances: Record<string, (submit: ReturnType<typeof network>['submit']) => string> = {
    earn: (submit) => submit('platform_a', ANN, { kind: 'earn', amount: 1n }).code,
    adjust: (submit) =>
      submit('platform_a', ANN, { kind: 'adjust', amount: 1n, reason: 'test' }).code,
    transfer: (submit) =>
      submit('platform_a', BOB, {
        kind: 'transfer',
        amount: 1n,
        targetPlatformId: 'platform_a' as PlatformId,
        toMemberId: ANN,
      }).code,
    conversion: (submit) =>
      submit('platform_b', BOB, {
        kind: 'transfer',
        amount: 1n,
        targetPlatformId: 'platform_a' as PlatformId,
        toMemberId: ANN,
      }).code,
  };
  it.each(Object.keys(entrances))('is reached, not passed, by %s', (name) => {
    const { submit } = network();
    submit('platform_a', BOB, { kind: 'earn', amount: 10n });
    submit('platform_b', BOB, { kind: 'earn', amount: 10n });
    expect(submit('platform_a', ANN, { kind: 'earn', amount: LIMIT }).code).toBe('posted');
    expect(entrances[name]?.(submit)).toBe('balance_limit');
  });

  it('is not passed by a reversal either', () => {
    const { ledger, submit } = network();
    submit('platform_a', ANN, { kind: 'earn', amount: 10n });
    const spent = submit('platform_a', ANN, {
      kind: 'redeem',
      amount: 10n,
      rewardAssetId: ledger.rewardAssetId('platform_a'),
      quantity: 2n,
    });
    expect(submit('platform_a', ANN, { kind: 'earn', amount: LIMIT - 5n }).code).toBe('posted');
    expect(
      submit('platform_a', ANN, { kind: 'reverse', transactionId: spent.id, reason: 'test' }).code,
    ).toBe('balance_limit');
    expect(
      submit('platform_a', ANN, {
        kind: 'reverse',
        transactionId: spent.id,
        amount: 5n,
        reason: 'test',
      }).code,
    ).toBe('posted');
  });
});

function spend(
  submit: ReturnType<typeof network>['submit'],
  how: string,
  amount: bigint,
  ledger: MemoryLedger,
): { code: string; id: TransactionId } {
  switch (how) {
    case 'redeem':
      return submit('platform_a', ANN, {
        kind: 'redeem',
        amount,
        rewardAssetId: ledger.rewardAssetId('platform_a'),
        quantity: UNITS,
      });
    case 'transfer':
      return submit('platform_a', ANN, {
        kind: 'transfer',
        amount,
        targetPlatformId: 'platform_a' as PlatformId,
        toMemberId: BOB,
      });
    case 'conversion':
      return submit('platform_a', ANN, {
        kind: 'transfer',
        amount,
        targetPlatformId: 'platform_b' as PlatformId,
        toMemberId: BOB,
      });
    default:
      return submit('platform_a', ANN, {
        kind: 'capture',
        holdId: submit('platform_a', ANN, { kind: 'hold', amount, expiresInMs: 60_000 }).id,
      });
  }
}

describe('the most an account can count', () => {
  it('is reached, not passed, by either counter, and what is there can still be moved', () => {
    const { ledger, submit } = network();
    submit('platform_a', ANN, { kind: 'earn', amount: 10n });
    const issued = ledger.accounts().find((account) => account.purpose === 'issued');
    if (issued === undefined) throw new Error('an earn has an issued account');
    issued.debitsPosted = MAX_COUNTER - 5n;
    expect(submit('platform_a', ANN, { kind: 'earn', amount: 6n }).code).toBe('counter_limit');
    const last = submit('platform_a', ANN, { kind: 'earn', amount: 5n });
    expect(last.code).toBe('posted');
    expect(submit('platform_a', ANN, { kind: 'earn', amount: 1n }).code).toBe('counter_limit');
    expect(
      submit('platform_a', ANN, {
        kind: 'transfer',
        amount: 1n,
        targetPlatformId: 'platform_a' as PlatformId,
        toMemberId: BOB,
      }).code,
    ).toBe('posted');
    const hold = { kind: 'hold', amount: 1n, expiresInMs: 60_000 } as const;
    expect(submit('platform_a', ANN, hold).code).toBe('posted');
    const redeemed = ledger
      .accounts()
      .find((account) => account.purpose === 'redeemed' && account.creditsPending === 1n);
    if (redeemed === undefined) throw new Error('a hold has a redeemed account');
    redeemed.creditsPending = MAX_COUNTER;
    expect(submit('platform_a', ANN, hold).code).toBe('counter_limit');
    issued.creditsPosted = MAX_COUNTER - 4n;
    expect(
      submit('platform_a', ANN, { kind: 'reverse', transactionId: last.id, reason: 'test' }).code,
    ).toBe('counter_limit');
    expect(
      submit('platform_a', ANN, {
        kind: 'reverse',
        transactionId: last.id,
        amount: 4n,
        reason: 'test',
      }).code,
    ).toBe('posted');
  });
});
