// A decision is held to what its command names: its wallets and its readings.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { network, Pair, step } from '../../../test/fixtures/decision-pair.ts';
import { createMemoryLedger } from '../../../test/fixtures/ledger-view.ts';
import { recordingView } from '../../../test/fixtures/recording-view.ts';
import { seedOf } from '../../../test/fixtures/seed.ts';
import type { MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Wallet } from '../account.ts';
import type { Decision } from '../plan.ts';
import { move, post, refusal } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { NO_READS, type Reads, type View } from '../view.ts';
import { clawback, type ClawbackCommand } from './clawback.ts';
import type { LedgerCommand, MemberWallets } from './command.ts';
import { commands, kindOf, type Command } from './commands.ts';

const seed = seedOf('commands');
const A = 'platform_a' as PlatformId;
const B = 'platform_b' as PlatformId;
const ann = '00000000-0000-4000-8000-000000000001' as MemberId;
const bob = '00000001-0000-4000-8000-000000000002' as MemberId;
const NOW = Date.UTC(2126, 2, 10, 12);
const SOME_ID = '00000000-0000-8000-8000-000000000000' as TransactionId;

function memoryLedger(): ReturnType<typeof createMemoryLedger> {
  const shape = { clawback: 'debt' as const, lifetimeDays: null, stock: 9n };
  return createMemoryLedger(
    2,
    [
      { ...shape, platformId: A, multiplierTenths: 10, cap: 1_000n },
      { ...shape, platformId: B, multiplierTenths: 12, connected: true },
    ],
    () => NOW,
    {
      member_cap: {
        kind: 'limit',
        limit: { maximum: '500', measure: 'points', per: 'day', of: 'member' },
      },
      pair_cap: {
        kind: 'limit',
        limit: { maximum: '900', measure: 'points', per: 'day', of: 'pair' },
      },
    },
  );
}

describe('every kind of command', () => {
  const platform = { platformId: A, memberId: ann };
  let key = 0;
  const next = (): { key: string; platformId: PlatformId; memberId: MemberId } => ({
    ...platform,
    key: String((key += 1)),
  });

  it('looks only at what it names, of wallets and of readings', () => {
    const ledger = memoryLedger();
    const done = new Set<string>();
    // The memory ledger decides through a recording view, which throws.
    const submit = (command: Command): TransactionId => {
      const { code, transaction } = ledger.submit(command);
      expect(`${command.kind} ${code}`).toBe(`${command.kind} posted`);
      done.add(command.kind);
      return transaction?.transactionId ?? SOME_ID;
    };
    const earned = submit({ kind: 'earn', ...next(), amount: 10_000n });
    const moved = submit({
      kind: 'transfer',
      ...next(),
      amount: 100n,
      toMemberId: bob,
      targetPlatformId: A,
    });
    const authorised = submit({
      kind: 'transfer',
      ...next(),
      amount: 100n,
      toMemberId: bob,
      targetPlatformId: B,
    });
    submit({
      kind: 'transfer',
      ...next(),
      amount: 100n,
      toMemberId: bob,
      targetPlatformId: B,
      authorisedId: authorised,
    });
    const undone = submit({
      kind: 'transfer',
      ...next(),
      amount: 100n,
      toMemberId: bob,
      targetPlatformId: B,
    });
    submit({ kind: 'release', ...next(), holdId: undone, cause: 'undone' });
    const redeemed = submit({
      kind: 'redeem',
      ...next(),
      amount: 100n,
      quantity: 2n,
      rewardAssetId: ledger.rewardAssetId(A),
    });
    const held = submit({ kind: 'hold', ...next(), amount: 100n, expiresInMs: 60_000 });
    const captured = submit({ kind: 'capture', ...next(), holdId: held, amount: 60n });
    const released = submit({ kind: 'hold', ...next(), amount: 100n, expiresInMs: 60_000 });
    submit({ kind: 'release', ...next(), holdId: released, cause: 'caller' });
    const frozen = submit({
      kind: 'hold',
      ...next(),
      memberId: bob,
      amount: 50n,
      expiresInMs: 0,
      freeze: moved,
    });
    submit({
      kind: 'reverse',
      ...next(),
      transactionId: moved,
      reason: 'test',
      frozenHoldId: frozen,
      agreed: true,
    });
    for (const transactionId of [redeemed, captured, earned])
      submit({ kind: 'reverse', ...next(), transactionId, reason: 'test', agreed: true });
    submit({ kind: 'earn', ...next(), amount: 100n });
    submit({ kind: 'clawback', ...next(), amount: 10n });
    submit({
      kind: 'adjust',
      ...next(),
      amount: 10n,
      reason: 'test',
      compensation: { paidBy: B, value: 5n },
    });
    const money = { platformId: A, memberId: ledger.view().points(A).ownerId as MemberId };
    submit({ kind: 'deposit', ...next(), ...money, amount: 100n });
    submit({ kind: 'withdraw', ...next(), ...money, amount: 10n });
    submit({ kind: 'settle', ...next(), ...money, amount: -10n, from: 'prefund' });
    const nothing = ledger.submit({ kind: 'expire', ...next(), day: '2126-03-10' });
    expect(nothing.code).toBe('insufficient_balance');
    expect([...done, 'expire'].sort()).toEqual(Object.keys(commands).sort());
  });

  it('looks at nothing else whatever is asked in whatever order', () => {
    fc.assert(
      fc.property(network, fc.array(step, { minLength: 5, maxLength: 40 }), (shape, steps) => {
        const pair = new Pair(shape);
        for (const one of steps) pair.run(one);
      }),
      { seed, numRuns: 40 },
    );
  });

  it('finds its wallets without looking inside one', () => {
    const { view } = memoryLedger();
    const closed = new Proxy({} as Wallet, {
      get: (_target, field) => {
        throw new Error(`${String(field)} of a wallet was looked at`);
      },
    });
    const blind: View = { ...view(), wallet: () => closed, stripe: () => closed };
    const base = { platformId: A, memberId: ann, key: 'k' };
    const asked: Command[] = [
      { kind: 'earn', ...base, amount: 1n },
      { kind: 'transfer', ...base, amount: 1n, toMemberId: bob, targetPlatformId: A },
      { kind: 'transfer', ...base, amount: 1n, toMemberId: bob, targetPlatformId: B },
      { kind: 'redeem', ...base, amount: 1n, quantity: 1n, rewardAssetId: 102 },
      { kind: 'hold', ...base, amount: 1n, expiresInMs: 1 },
      { kind: 'capture', ...base, holdId: SOME_ID },
      { kind: 'release', ...base, holdId: SOME_ID, cause: 'caller' },
      { kind: 'reverse', ...base, transactionId: SOME_ID, reason: 'test' },
      { kind: 'clawback', ...base, amount: 1n },
      { kind: 'expire', ...base, day: '2126-03-10' },
      { kind: 'adjust', ...base, amount: 1n, reason: 'test' },
    ];
    for (const command of asked)
      expect(() => kindOf(command).wallets(command, blind), command.kind).not.toThrow();
  });
});

describe('a command that looks at more than it names', () => {
  const command: ClawbackCommand = {
    kind: 'clawback',
    platformId: A,
    memberId: ann,
    key: 'broken',
    amount: 1n,
  };
  /** Decides as the memory ledger does. */
  const run = <W, R extends keyof Reads>(
    broken: LedgerCommand<ClawbackCommand, W, R>,
  ): Decision => {
    const { naming, deciding, judge } = recordingView(
      'broken',
      broken.reads(command),
      memoryLedger().view(),
    );
    const decision = broken.decide(command, broken.wallets(command, naming), deciding);
    judge(decision);
    return decision;
  };

  it('does not compile where it asks its view for a wallet, and is caught where it does', () => {
    const broken: LedgerCommand<ClawbackCommand, MemberWallets> = {
      ...clawback,
      decide: (_command, { wallet }, view) => {
        // @ts-expect-error A decision has no wallets but those that are laid out.
        view.wallet(wallet.bucket, bob, wallet.assetId);
        return refusal(ledgerProblems.clawback_refused());
      },
    };
    expect(() => run(broken)).toThrow(`broken does not name the wallet ${bob}/2 in bucket 0`);
  });

  it('is caught where it moves an account of a wallet that it got elsewhere', () => {
    const kept = memoryLedger().wallet(bob, A);
    const broken: LedgerCommand<ClawbackCommand, MemberWallets> = {
      ...clawback,
      decide: () =>
        post({
          legs: [
            {
              kind: 'clawback',
              memberId: ann,
              wallet: kept,
              amount: 1n,
              movements: [move(kept, 'debt', 1n)],
            },
          ],
        }),
    };
    expect(() => run(broken)).toThrow(`broken does not name the wallet ${bob}/2 in bucket 1`);
  });

  it('does not compile where it asks for a reading of another kind, and is caught where it does', () => {
    const broken: LedgerCommand<ClawbackCommand, MemberWallets> = {
      ...clawback,
      decide: (_command, _wallets, view) => {
        // @ts-expect-error A clawback reads nothing.
        view.freezes(SOME_ID);
        return refusal(ledgerProblems.clawback_refused());
      },
    };
    expect(() => run(broken)).toThrow(`broken does not name freezes of ${SOME_ID}`);
  });

  it('is caught where it may ask for a reading and does not name it', () => {
    const broken: LedgerCommand<ClawbackCommand, MemberWallets, 'hold'> = {
      ...clawback,
      reads: () => NO_READS,
      decide: (_command, _wallets, view) => {
        view.hold(SOME_ID);
        return refusal(ledgerProblems.clawback_refused());
      },
    };
    expect(() => run(broken)).toThrow(`broken does not name hold of ${SOME_ID}`);
  });

  it('passes as it stands in the table', () => {
    expect(run(clawback).type).toBe('post');
  });
});
