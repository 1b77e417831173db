// A freeze takes what is there and no more, ends by its dispute alone, and a reversal takes from it
// first, in either bucket, to the minor unit.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMemoryLedger,
  SETTLEMENT_ASSET_ID,
  type MemoryLedger,
} from '../../test/fixtures/ledger-view.ts';
import { seedOf } from '../../test/fixtures/seed.ts';
import { smaller } from '../kernel/amount.ts';
import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import { availableOf, debtOf, walletBalance } from './account.ts';
import type { Command } from './commands/commands.ts';
import type { Clawback, PostedLeg } from './types.ts';
import { DAY_MS } from '../kernel/time.ts';

const seed = seedOf('decide-freeze');
const ANN = '00000000-0000-4000-8000-000000000000' as MemberId;
/** In another bucket. */
const BOB = '00000003-0000-4000-8000-000000000000' as MemberId;
const EVE = '00000001-0000-4000-8000-000000000000' as MemberId;
const NOW = Date.UTC(2026, 0, 1);
const TODAY = '2026-01-01';

type Bare<C> = C extends Command ? Omit<C, 'platformId' | 'memberId' | 'key'> : never;
type Submit = (
  platform: string,
  member: MemberId,
  command: Bare<Command>,
) => { code: string; transaction?: PostedLeg };

function network(
  clawback: Clawback = 'debt',
  now = (): number => NOW,
): { ledger: MemoryLedger; submit: Submit } {
  const shape = { clawback, lifetimeDays: null, stock: 0n };
  const ledger = createMemoryLedger(
    4,
    [
      { ...shape, platformId: 'platform_a', multiplierTenths: 10 },
      { ...shape, platformId: 'platform_b', multiplierTenths: 12 },
    ],
    now,
    {
      no_holds: { kind: 'deny', operations: ['hold'], reason: 'none' },
    },
  );
  let count = 0;
  return {
    ledger,
    submit: (platform, memberId, command) =>
      ledger.submit({
        ...command,
        platformId: platform as PlatformId,
        memberId,
        key: String((count += 1)),
      }),
  };
}

const share = (percent: number, of: bigint): bigint => (of * BigInt(percent)) / 100n;
const idOf = (made: ReturnType<Submit>): TransactionId =>
  made.transaction?.transactionId as TransactionId;
const SOME = '00000000-0000-4000-8000-00000000000f' as TransactionId;
const freeze = (amount: bigint, moved: TransactionId = SOME): Bare<Command> => ({
  kind: 'hold',
  freeze: moved,
  expiresInMs: 0,
  amount,
});

/** What BOB has of platform_a, by last day. */
const lotsOf = (ledger: MemoryLedger): unknown =>
  ledger
    .wallet(BOB, 'platform_a')
    .lots.filter(({ creditsPosted, debitsPosted }) => creditsPosted > debitsPosted)
    .map(
      ({ expiresOn, creditsPosted, debitsPosted }) =>
        `${expiresOn} ${creditsPosted - debitsPosted}`,
    );

describe('a freeze', () => {
  it('is what is asked for or what is available, whatever rules say of holds', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 1_000n }),
        fc.bigInt({ min: 1n, max: 1_000n }),
        (had, wanted) => {
          const { ledger, submit } = network();
          if (had > 0n) submit('platform_a', ANN, { kind: 'earn', amount: had });
          const { code, transaction } = submit('platform_a', ANN, freeze(wanted));
          if (had === 0n) return void expect(code).toBe('insufficient_balance');
          expect(transaction?.amount).toBe(smaller(had, wanted));
          expect(availableOf(ledger.wallet(ANN, 'platform_a'), TODAY)).toBe(
            had - smaller(had, wanted),
          );
          expect(walletBalance(ledger.wallet(ANN, 'platform_a'), TODAY)).toBe(had);
          return void expect(
            submit('platform_a', ANN, { kind: 'hold', amount: 1n, expiresInMs: 60_000 }).code,
          ).not.toBe('posted');
        },
      ),
      { seed },
    );
  });

  it('is ended by nothing but its dispute, however late it is', () => {
    let nowMs = NOW;
    const { submit } = network('debt', () => nowMs);
    submit('platform_a', ANN, { kind: 'earn', amount: 100n });
    const holdId = submit('platform_a', ANN, freeze(60n)).transaction
      ?.transactionId as TransactionId;
    nowMs += 400 * 86_400_000;
    expect(submit('platform_a', ANN, { kind: 'release', holdId, cause: 'caller' }).code).toBe(
      'hold_not_found',
    );
    expect(submit('platform_a', ANN, { kind: 'release', holdId, cause: 'timer' }).code).toBe(
      'hold_not_found',
    );
    expect(submit('platform_a', ANN, { kind: 'capture', holdId }).code).toBe('hold_not_found');
    expect(submit('platform_a', ANN, { kind: 'release', holdId, cause: 'dispute' }).code).toBe(
      'posted',
    );
    expect(submit('platform_a', ANN, { kind: 'release', holdId, cause: 'dispute' }).code).toBe(
      'hold_resolved',
    );
  });
});

describe('a reversal out of a freeze', () => {
  const targets = fc.constantFrom(
    ['platform_a', BOB] as const,
    ['platform_b', BOB] as const,
    ['platform_b', ANN] as const,
  );
  const policies = fc.constantFrom<Clawback>('debt', 'available');
  const percents = fc.integer({ min: 0, max: 100 });

  it('leaves no more and no less than one without, once the freeze is released', () => {
    fc.assert(
      fc.property(
        targets,
        policies,
        fc.bigInt({ min: 10n, max: 10n ** 6n }),
        percents,
        percents,
        percents,
        ([target, to], clawback, amount, spentPercent, frozenPercent, reversedPercent) => {
          const play = (frozenFirst: boolean): unknown => {
            const { ledger, submit } = network(clawback);
            submit('platform_a', ANN, { kind: 'earn', amount, expiresOn: '2026-06-01' });
            const moved = submit('platform_a', ANN, {
              kind: 'transfer',
              amount,
              toMemberId: to,
              targetPlatformId: target as PlatformId,
            }).transaction as PostedLeg;
            const received = moved.credited ?? amount;
            const spent = share(spentPercent, received);
            if (spent > 0n)
              submit(target, to, {
                kind: 'transfer',
                amount: spent,
                toMemberId: EVE,
                targetPlatformId: target as PlatformId,
              });
            const wanted = share(frozenPercent, received);
            const hold =
              wanted === 0n
                ? undefined
                : submit(target, to, freeze(wanted, moved.transactionId)).transaction;
            const release = (): void => {
              if (hold !== undefined)
                submit(target, to, {
                  kind: 'release',
                  holdId: hold.transactionId,
                  cause: 'dispute',
                });
            };
            if (!frozenFirst) release();
            const part = share(reversedPercent, amount);
            const frozenHoldId = frozenFirst ? hold?.transactionId : undefined;
            if (part > 0n)
              expect(
                submit('platform_a', ANN, {
                  kind: 'reverse',
                  agreed: true,
                  transactionId: moved.transactionId,
                  amount: part,
                  reason: 'dispute',
                  frozenHoldId,
                }).code,
              ).toBe('posted');
            else release();
            expect(
              ledger
                .accounts()
                .filter(({ debitsPending, creditsPending, purpose }) =>
                  purpose === 'lot'
                    ? debitsPending !== 0n
                    : debitsPending !== creditsPending && creditsPending !== 0n,
                ),
            ).toEqual([]);
            const wallet = ledger.wallet(to, target);
            return [
              walletBalance(wallet, TODAY),
              availableOf(wallet, TODAY),
              debtOf(wallet),
              walletBalance(ledger.wallet(ANN, 'platform_a'), TODAY),
              ledger.total(target, 'clawback'),
              ledger.total('platform_a', 'position', SETTLEMENT_ASSET_ID),
              ledger.total('platform_b', 'position', SETTLEMENT_ASSET_ID),
            ].map(String);
          };
          expect(play(true)).toEqual(play(false));
        },
      ),
      { seed },
    );
  });

  it('names what it took, and refuses a freeze for another transaction, or one that has ended', () => {
    const { ledger, submit } = network();
    submit('platform_a', ANN, { kind: 'earn', amount: 1_000n });
    submit('platform_b', EVE, { kind: 'earn', amount: 500n });
    const moved = submit('platform_a', ANN, {
      kind: 'transfer',
      amount: 1_000n,
      toMemberId: BOB,
      targetPlatformId: 'platform_b' as PlatformId,
    }).transaction as PostedLeg;
    const reverse = (frozenHoldId: TransactionId | undefined): string =>
      submit('platform_a', ANN, {
        kind: 'reverse',
        agreed: true,
        transactionId: moved.transactionId,
        amount: 500n,
        reason: 'x',
        frozenHoldId,
      }).code;
    const others = idOf(submit('platform_b', BOB, freeze(100n)));
    expect(reverse(others)).toBe('hold_resolved');
    const ended = idOf(submit('platform_b', BOB, freeze(100n, moved.transactionId)));
    submit('platform_b', BOB, { kind: 'release', holdId: ended, cause: 'dispute' });
    expect(reverse(ended)).toBe('hold_resolved');
    const own = idOf(submit('platform_b', BOB, freeze(300n, moved.transactionId)));
    expect(reverse(own)).toBe('posted');
    const [first, second] = ledger.legs.filter(({ kind }) => kind === 'reverse');
    expect(first?.details).toEqual({ reason: 'x' });
    expect(second?.details).toEqual({ reason: 'x', frozen_holds: `${own}:300:ended` });
  });
});

describe('a reversal within a platform of what is disputed', () => {
  const policies = fc.constantFrom<Clawback>('debt', 'available', 'refuse');
  const amounts = fc.bigInt({ min: 1n, max: 1_000n });

  it('takes what is frozen first, under every policy, and a freeze ends with what it has', () => {
    fc.assert(
      fc.property(
        policies,
        amounts,
        amounts,
        fc.array(amounts, { minLength: 1, maxLength: 3 }),
        fc.array(amounts, { minLength: 1, maxLength: 4 }),
        (clawback, own, sent, claims, parts) => {
          const { ledger, submit } = network(clawback);
          submit('platform_a', BOB, { kind: 'earn', amount: own });
          submit('platform_a', ANN, { kind: 'earn', amount: sent });
          const moved = submit('platform_a', ANN, {
            kind: 'transfer',
            amount: sent,
            toMemberId: BOB,
            targetPlatformId: 'platform_a' as PlatformId,
          });
          let open = 0n;
          for (const claim of claims) {
            const claimed = smaller(claim, sent - open);
            if (claimed > 0n)
              expect(submit('platform_a', BOB, freeze(claimed, idOf(moved))).code).toBe('posted');
            open += claimed;
          }
          const wallet = ledger.wallet(BOB, 'platform_a');
          let reversed = 0n;
          for (const part of [...parts, sent]) {
            const amount = smaller(part, sent - reversed);
            if (amount === 0n) continue;
            expect(
              submit('platform_a', ANN, {
                kind: 'reverse',
                transactionId: idOf(moved),
                amount,
                reason: 'refund',
              }).code,
            ).toBe('posted');
            reversed += amount;
            open -= smaller(open, amount);
            const frozen = wallet.lots.reduce((sum, { debitsPending }) => sum + debitsPending, 0n);
            expect([
              walletBalance(wallet, TODAY),
              frozen,
              debtOf(wallet),
              ledger.total('platform_a', 'clawback'),
            ]).toEqual([own + sent - reversed, open, 0n, 0n]);
          }
          expect(ledger.view().freezes(idOf(moved))).toEqual([]);
        },
      ),
      { seed },
    );
  });

  it('leaves the freezes of other transactions alone', () => {
    const { ledger, submit } = network('available');
    submit('platform_a', ANN, { kind: 'earn', amount: 200n });
    const send = (): TransactionId =>
      idOf(
        submit('platform_a', ANN, {
          kind: 'transfer',
          amount: 100n,
          toMemberId: BOB,
          targetPlatformId: 'platform_a' as PlatformId,
        }),
      );
    const [one, other] = [send(), send()];
    submit('platform_a', BOB, freeze(100n, other));
    expect(
      submit('platform_a', ANN, { kind: 'reverse', transactionId: one, reason: 'refund' }).code,
    ).toBe('posted');
    expect(walletBalance(ledger.wallet(BOB, 'platform_a'), TODAY)).toBe(100n);
    expect(ledger.view().freezes(other)).toHaveLength(1);
  });

  it('is refused across platforms, and what was agreed leaves the freezes of disputes alone', () => {
    const { ledger, submit } = network();
    submit('platform_a', ANN, { kind: 'earn', amount: 120n });
    const moved = idOf(
      submit('platform_a', ANN, {
        kind: 'transfer',
        amount: 120n,
        toMemberId: BOB,
        targetPlatformId: 'platform_b' as PlatformId,
      }),
    );
    submit('platform_b', BOB, freeze(40n, moved));
    expect(
      submit('platform_a', ANN, { kind: 'reverse', transactionId: moved, amount: 1n, reason: 'x' })
        .code,
    ).toBe('transaction_disputed');
    expect(
      submit('platform_a', ANN, {
        kind: 'reverse',
        agreed: true,
        transactionId: moved,
        amount: 60n,
        reason: 'x',
      }).code,
    ).toBe('posted');
    expect(
      ledger
        .view()
        .freezes(moved)
        .map(({ amount, captured }) => amount - captured),
    ).toEqual([40n]);
  });
});

const frozen = (): {
  ledger: MemoryLedger;
  submit: Submit;
  holdId: TransactionId;
  moved: TransactionId;
  pass(days: number): void;
} => {
  let nowMs = NOW;
  const { ledger, submit } = network('debt', () => nowMs);
  submit('platform_a', ANN, { kind: 'earn', amount: 70n, expiresOn: '2026-01-04' });
  submit('platform_a', ANN, { kind: 'earn', amount: 30n });
  const moved = idOf(
    submit('platform_a', ANN, {
      kind: 'transfer',
      amount: 100n,
      toMemberId: BOB,
      targetPlatformId: 'platform_a' as PlatformId,
    }),
  );
  return {
    ledger,
    submit,
    moved,
    holdId: idOf(submit('platform_a', BOB, freeze(90n, moved))),
    pass: (days) => void (nowMs += days * DAY_MS),
  };
};

describe('points that come out of a freeze', () => {
  it('have the days before them that they had when they were frozen, also when their last day has passed meanwhile', () => {
    const { ledger, submit, holdId, pass } = frozen();
    pass(10);
    expect(submit('platform_a', BOB, { kind: 'expire', day: '2026-01-11' }).code).toBe(
      'insufficient_balance',
    );
    expect(submit('platform_a', BOB, { kind: 'release', holdId, cause: 'dispute' }).code).toBe(
      'posted',
    );
    expect(lotsOf(ledger)).toEqual(['2026-01-14 70', 'infinity 30']);
    expect(availableOf(ledger.wallet(BOB, 'platform_a'), '2026-01-11')).toBe(100n);
    pass(4);
    expect(
      submit('platform_a', BOB, { kind: 'expire', day: '2026-01-15' }).transaction?.amount,
    ).toBe(70n);
  });

  it('and lapse after that are not taken a second time when the transaction is reversed', () => {
    const { ledger, submit, moved, holdId, pass } = frozen();
    pass(10);
    submit('platform_a', BOB, { kind: 'release', holdId, cause: 'dispute' });
    pass(10);
    expect(
      submit('platform_a', BOB, { kind: 'expire', day: '2026-01-21' }).transaction?.amount,
    ).toBe(70n);
    expect(
      submit('platform_a', ANN, { kind: 'reverse', transactionId: moved, reason: 'x' }).code,
    ).toBe('posted');
    const wallet = ledger.wallet(BOB, 'platform_a');
    expect([
      walletBalance(wallet, '2026-01-21'),
      debtOf(wallet),
      ledger.total('platform_a', 'expired'),
    ]).toEqual([0n, 0n, 0n]);
  });

  it('gain nothing on the day itself, and what a reversal takes is not concerned', () => {
    const sameDay = frozen();
    expect(
      sameDay.submit('platform_a', BOB, {
        kind: 'release',
        holdId: sameDay.holdId,
        cause: 'dispute',
      }).transaction?.entries,
    ).toHaveLength(3);
    const { ledger, submit, moved, holdId, pass } = frozen();
    pass(2);
    expect(
      submit('platform_a', ANN, {
        kind: 'reverse',
        agreed: true,
        transactionId: moved,
        amount: 50n,
        reason: 'x',
        frozenHoldId: holdId,
      }).code,
    ).toBe('posted');
    expect(lotsOf(ledger)).toEqual(['2026-01-06 20', 'infinity 30']);
    const kept = frozen();
    kept.pass(2);
    expect(
      kept.submit('platform_a', ANN, {
        kind: 'reverse',
        transactionId: kept.moved,
        amount: 50n,
        reason: 'x',
      }).code,
    ).toBe('posted');
    expect(lotsOf(kept.ledger)).toEqual(['2026-01-04 20', 'infinity 30']);
    kept.pass(1);
    expect(
      kept.submit('platform_a', BOB, { kind: 'release', holdId: kept.holdId, cause: 'dispute' })
        .transaction?.amount,
    ).toBe(40n);
    expect(lotsOf(kept.ledger)).toEqual(['2026-01-07 20', 'infinity 30']);
  });
});

describe('an adjustment that another platform pays for', () => {
  it('moves its value between the positions, with or without points', () => {
    const { ledger, submit } = network();
    const compensation = { paidBy: 'platform_b' as PlatformId, value: 70n };
    expect(
      submit('platform_a', ANN, { kind: 'adjust', amount: 50n, reason: 'x', compensation }).code,
    ).toBe('posted');
    expect(
      submit('platform_a', ANN, { kind: 'adjust', amount: 0n, reason: 'x', compensation }).code,
    ).toBe('posted');
    expect(walletBalance(ledger.wallet(ANN, 'platform_a'), TODAY)).toBe(50n);
    expect([
      ledger.total('platform_a', 'position', SETTLEMENT_ASSET_ID),
      ledger.total('platform_b', 'position', SETTLEMENT_ASSET_ID),
    ]).toEqual([140n, -140n]);
  });
});
