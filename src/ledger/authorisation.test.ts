// Transfers over connected platforms against a twin network in which every platform is hosted: in
// the end both must have the same money.

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
import { postedBalance, walletBalance } from './account.ts';
import type { TransferCommand } from './commands/transfer.ts';
import type { Purpose } from './types.ts';

const seed = seedOf('authorised');
const NOW = Date.UTC(2026, 0, 1, 12);
const DAY = '2026-01-01';
const MEMBERS = ['00000000', '00000001', '00000007'].map(
  (start) => `${start}-0000-4000-8000-000000000000` as MemberId,
);
const HOSTED = ['platform_a', 'platform_b'];
const CONNECTED = ['platform_c', 'platform_d'];
const PLATFORMS = [...HOSTED, ...CONNECTED];
const MULTIPLIERS = [10, 12, 8, 7];
const OPENING = 5_000n;
/** At the platforms themselves: more than is ever moved. */
const KEPT_THERE = 10_000_000n;
const RULES: RulebookDocument['rules'] = {
  fee: {
    kind: 'fee',
    when: "source == 'platform_c'",
    fee: { rate: '0.01', minimum: '0.5', on: 'source' },
  },
  target_fee: { kind: 'fee', when: "target == 'platform_d'", fee: { rate: '0.02', on: 'target' } },
  daily: {
    kind: 'limit',
    when: "source == 'platform_a'",
    limit: { maximum: '30', measure: 'points', per: 'day', of: 'member' },
  },
};

/**
 * `connected` false for the twin, in which members hold their opening points of all platforms as
 * accounts.
 */
function network(connected: boolean, cap?: bigint, rules = RULES): MemoryLedger {
  const ledger = createMemoryLedger(
    3,
    PLATFORMS.map((platformId, index) => ({
      platformId,
      multiplierTenths: MULTIPLIERS[index] ?? 10,
      clawback: 'debt',
      lifetimeDays: null,
      stock: 0n,
      cap,
      connected: connected && CONNECTED.includes(platformId),
    })),
    () => NOW,
    rules,
  );
  for (const platformId of connected ? HOSTED : PLATFORMS) {
    for (const memberId of MEMBERS)
      ledger.submit({
        kind: 'earn',
        platformId: platformId as PlatformId,
        memberId,
        key: `opening ${platformId} ${memberId}`,
        amount: CONNECTED.includes(platformId) ? KEPT_THERE : OPENING,
      });
  }
  return ledger;
}

function transfer(
  step: {
    readonly source: string;
    readonly target: string;
    readonly from: MemberId;
    readonly to: MemberId;
    readonly amount: number;
  },
  key: string,
): TransferCommand {
  return {
    kind: 'transfer',
    platformId: step.source as PlatformId,
    targetPlatformId: step.target as PlatformId,
    memberId: step.from,
    toMemberId: step.to,
    amount: BigInt(step.amount),
    key,
  };
}

/** Every account that moved, as text. */
function stateOf(ledger: MemoryLedger): string[] {
  return ledger
    .accounts()
    .map(
      ({
        bucket,
        ownerId,
        assetId,
        purpose,
        expiresOn,
        creditsPosted,
        debitsPosted,
        creditsPending,
        debitsPending,
      }) =>
        [
          bucket,
          ownerId,
          assetId,
          purpose,
          expiresOn,
          creditsPosted - debitsPosted,
          creditsPending,
          debitsPending,
        ].join(),
    )
    .filter((text) => !text.endsWith(',0,0,0'))
    .sort();
}

/** Σ per asset, posted and pending: each must be zero. */
function imbalance(ledger: MemoryLedger): bigint[] {
  const sums = new Map<string, bigint>();
  const add = (key: string, amount: bigint): void =>
    void sums.set(key, (sums.get(key) ?? 0n) + amount);
  for (const account of ledger.accounts()) {
    add(`${account.assetId}p`, postedBalance(account));
    add(`${account.assetId}w`, account.creditsPending - account.debitsPending);
  }
  return [...sums.values()].filter((sum) => sum !== 0n);
}

const pair = fc
  .tuple(fc.constantFrom(...PLATFORMS), fc.constantFrom(...PLATFORMS))
  .filter(
    ([source, target]) =>
      source !== target && (CONNECTED.includes(source) || CONNECTED.includes(target)),
  );
const step = fc.record({
  pair,
  from: fc.constantFrom(...MEMBERS),
  to: fc.constantFrom(...MEMBERS),
  amount: fc.integer({ min: 1, max: 2_500 }),
  end: fc.constantFrom(
    'posted' as const,
    'posted' as const,
    'undone' as const,
    'reversed' as const,
  ),
  /** How many later transfers are authorised before this one ends. */
  later: fc.integer({ min: 0, max: 4 }),
});

describe('an authorisation', () => {
  it('posted leaves what the same conversion leaves among hosted platforms; undone leaves nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const real = network(true);
        const twin = network(false);
        const open: { readonly at: number; readonly run: () => void }[] = [];
        const ended: TransactionId[] = [];
        steps.forEach(({ pair: [source, target], end, later, ...rest }, index) => {
          for (const due of open.filter(({ at }) => at <= index)) due.run();
          open.splice(0, open.length, ...open.filter(({ at }) => at > index));
          const command = transfer({ source, target, ...rest }, `t${index}`);
          const balance = walletBalance(real.wallet(command.memberId, source), DAY);
          const authorised = real.submit(command);
          if (authorised.code !== 'posted' || authorised.transaction === undefined) {
            expect(['insufficient_balance', 'amount_too_small', 'limit_exceeded']).toContain(
              authorised.code,
            );
            return;
          }
          expect(authorised.transaction.kind).toBe('authorise');
          expect(walletBalance(real.wallet(command.memberId, source), DAY)).toBe(balance);
          const id = authorised.transaction.transactionId;
          const finish = (): void => {
            if (end === 'undone') {
              expect(
                real.submit({
                  kind: 'release',
                  platformId: command.platformId,
                  memberId: command.memberId,
                  key: `u${index}`,
                  holdId: id,
                  cause: 'undone',
                }).code,
              ).toBe('posted');
            } else {
              const done = real.submit({ ...command, key: `p${index}`, authorisedId: id });
              expect(done).toMatchObject({
                code: 'posted',
                transaction: { kind: 'conversion', relatedId: id },
              });
              const same = twin.submit(command);
              expect(same.code).toBe('posted');
              const { credited, fee, rate } = same.transaction ?? {};
              expect(done.transaction).toMatchObject({ credited, fee, rate });
              if (end === 'reversed') {
                for (const [ledger, original] of [
                  [real, done.transaction],
                  [twin, same.transaction],
                ] as const) {
                  expect(
                    ledger.submit({
                      kind: 'reverse',
                      agreed: true,
                      platformId: command.platformId,
                      memberId: command.memberId,
                      key: `r${index}`,
                      transactionId: original?.transactionId as TransactionId,
                      reason: 'test',
                    }).code,
                  ).toBe('posted');
                }
              }
            }
            ended.push(id);
            // Whatever has ended ends no second time.
            expect(real.submit({ ...command, key: `again ${index}`, authorisedId: id }).code).toBe(
              'hold_resolved',
            );
            expect(
              real.submit({
                kind: 'release',
                platformId: command.platformId,
                memberId: command.memberId,
                key: `late ${index}`,
                holdId: id,
                cause: 'undone',
              }).code,
            ).toBe('hold_resolved');
          };
          open.push({ at: index + later, run: finish });
          expect(imbalance(real)).toEqual([]);
        });
        for (const { run } of open) run();
        expect(imbalance(real)).toEqual([]);
        expect(
          real
            .accounts()
            .every(
              ({ debitsPending, creditsPending }) => debitsPending === 0n && creditsPending === 0n,
            ),
        ).toBe(true);
        for (const platformId of PLATFORMS) {
          expect(real.total(platformId, 'position', SETTLEMENT_ASSET_ID)).toBe(
            twin.total(platformId, 'position', SETTLEMENT_ASSET_ID),
          );
          for (const purpose of ['redeemed', 'fee'] satisfies Purpose[])
            expect(real.total(platformId, purpose)).toBe(twin.total(platformId, purpose));
        }
        for (const platformId of HOSTED)
          for (const member of MEMBERS)
            expect(walletBalance(real.wallet(member, platformId), DAY)).toBe(
              walletBalance(twin.wallet(member, platformId), DAY),
            );
        for (const platformId of CONNECTED) {
          const held = MEMBERS.reduce(
            (sum, member) => sum + walletBalance(twin.wallet(member, platformId), DAY),
            0n,
          );
          expect(real.total(platformId, 'external')).toBe(
            held - KEPT_THERE * BigInt(MEMBERS.length),
          );
        }
      }),
      { seed, numRuns: 150 },
    );
  });

  it('undone at once leaves every account as it was, allowances too', () => {
    fc.assert(
      fc.property(step, ({ pair: [source, target], ...rest }) => {
        const ledger = network(true);
        const before = stateOf(ledger);
        const command = transfer({ source, target, ...rest }, 'one');
        const authorised = ledger.submit(command);
        if (authorised.transaction === undefined) return;
        expect(stateOf(ledger)).not.toEqual(before);
        ledger.submit({
          kind: 'release',
          platformId: command.platformId,
          memberId: command.memberId,
          key: 'undo',
          holdId: authorised.transaction.transactionId,
          cause: 'undone',
        });
        expect(stateOf(ledger)).toEqual(before);
      }),
      { seed, numRuns: 100 },
    );
  });

  it("counts against the source platform's cap while it is under way", () => {
    const ledger = network(true, 200n);
    const command = transfer(
      {
        source: 'platform_c',
        target: 'platform_a',
        from: MEMBERS[0]!,
        to: MEMBERS[0]!,
        amount: 200,
      },
      'first',
    );
    const first = ledger.submit(command);
    expect(first.code).toBe('posted');
    expect(ledger.total('platform_c', 'position', SETTLEMENT_ASSET_ID)).toBe(0n);
    expect(ledger.submit({ ...command, key: 'second' }).code).toBe('insufficient_reserve');
    ledger.submit({
      kind: 'release',
      platformId: command.platformId,
      memberId: command.memberId,
      key: 'undo',
      holdId: first.transaction?.transactionId as TransactionId,
      cause: 'undone',
    });
    expect(ledger.submit({ ...command, key: 'third' }).code).toBe('posted');
  });

  it('is nothing that a caller may release or capture, and is reversed as a whole or not at all', () => {
    const ledger = network(true);
    const command = transfer(
      {
        source: 'platform_a',
        target: 'platform_c',
        from: MEMBERS[0]!,
        to: MEMBERS[1]!,
        amount: 500,
      },
      'one',
    );
    const id = ledger.submit(command).transaction?.transactionId as TransactionId;
    const base = { platformId: command.platformId, memberId: command.memberId };
    expect(
      ledger.submit({ ...base, kind: 'release', key: 'caller', holdId: id, cause: 'caller' }).code,
    ).toBe('hold_not_found');
    expect(
      ledger.submit({ ...base, kind: 'release', key: 'timer', holdId: id, cause: 'timer' }).code,
    ).toBe('hold_not_found');
    const done = ledger.submit({ ...command, key: 'post', authorisedId: id }).transaction
      ?.transactionId as TransactionId;
    expect(
      ledger.submit({
        ...base,
        kind: 'reverse',
        agreed: true,
        key: 'part',
        transactionId: done,
        amount: 100n,
        reason: 'test',
      }).code,
    ).toBe('whole_reversal_only');
    expect(
      ledger.submit({
        ...base,
        kind: 'reverse',
        agreed: true,
        key: 'whole',
        transactionId: done,
        reason: 'test',
      }).code,
    ).toBe('posted');
    expect(ledger.total('platform_c', 'external')).toBe(0n);
  });

  it('cannot be captured, nor can a transfer that waits for a review: both have a receiver', () => {
    const ledger = network(true, undefined, {
      look: { kind: 'review', when: "target == 'platform_b'", reason: 'test' },
    });
    for (const [target, kind] of [
      ['platform_c', 'authorise'],
      ['platform_b', 'hold'],
    ] as const) {
      const who = { from: MEMBERS[0]!, to: MEMBERS[0]! };
      const command = transfer({ source: 'platform_a', target, ...who, amount: 500 }, target);
      const { transaction } = ledger.submit(command);
      expect(transaction?.kind).toBe(kind);
      const balance = walletBalance(ledger.wallet(who.from, 'platform_a'), DAY);
      expect(
        ledger.submit({
          kind: 'capture',
          platformId: command.platformId,
          memberId: command.memberId,
          key: `capture ${target}`,
          holdId: transaction?.transactionId as TransactionId,
        }).code,
      ).toBe('hold_not_found');
      expect(walletBalance(ledger.wallet(who.from, 'platform_a'), DAY)).toBe(balance);
    }
  });

  it('a plain hold cannot be ended as an authorisation', () => {
    const ledger = network(true);
    const base = { platformId: 'platform_a' as PlatformId, memberId: MEMBERS[0]! };
    const hold = ledger.submit({
      ...base,
      kind: 'hold',
      key: 'hold',
      amount: 100n,
      expiresInMs: 60_000,
    }).transaction?.transactionId as TransactionId;
    expect(
      ledger.submit({ ...base, kind: 'release', key: 'undo', holdId: hold, cause: 'undone' }).code,
    ).toBe('hold_not_found');
    const command = transfer(
      {
        source: 'platform_a',
        target: 'platform_c',
        from: MEMBERS[0]!,
        to: MEMBERS[0]!,
        amount: 100,
      },
      'x',
    );
    expect(ledger.submit({ ...command, authorisedId: hold }).code).toBe('transaction_not_found');
  });

  it.each(['earn', 'redeem', 'hold', 'clawback', 'adjust'] as const)(
    "%s on a connected platform is the platform's own business",
    (kind) => {
      const ledger = network(true);
      const base = {
        platformId: 'platform_c' as PlatformId,
        memberId: MEMBERS[0]!,
        key: 'x',
        amount: 10n,
      };
      const command =
        kind === 'redeem'
          ? { ...base, kind, rewardAssetId: ledger.rewardAssetId('platform_c'), quantity: 1n }
          : kind === 'hold'
            ? { ...base, kind, expiresInMs: 60_000 }
            : kind === 'adjust'
              ? { ...base, kind, reason: 'x' }
              : { ...base, kind };
      expect(ledger.submit(command).code).toBe('connected_platform');
      expect(
        ledger.submit(
          transfer(
            {
              source: 'platform_c',
              target: 'platform_c',
              from: MEMBERS[0]!,
              to: MEMBERS[1]!,
              amount: 10,
            },
            'y',
          ),
        ).code,
      ).toBe('connected_platform');
    },
  );

  it('an adjustment without points pays a connected platform, which gives them in its own books', () => {
    const ledger = network(true);
    const command = {
      platformId: 'platform_c' as PlatformId,
      memberId: MEMBERS[0]!,
      key: 'x',
      kind: 'adjust' as const,
      amount: 0n,
      reason: 'x',
      compensation: { paidBy: 'platform_a' as PlatformId, value: 7n },
    };
    const before = ledger.total('platform_c', 'external');
    expect(ledger.submit(command).code).toBe('posted');
    expect(ledger.total('platform_c', 'external')).toBe(before);
    expect(ledger.submit({ ...command, key: 'y', amount: 1n }).code).toBe('connected_platform');
  });
});
