// Whoever moves points to and fro, and takes any parts of it back in any order, ends with no more
// than it began with: neither a member, nor a platform, nor the network. Values are exact: nothing
// here is rounded but in favour of a failure.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMemoryLedger,
  SETTLEMENT_ASSET_ID,
  type MemoryLedger,
  type MemoryPlatform,
} from '../../test/fixtures/ledger-view.ts';
import { patience } from '../../test/fixtures/patience.ts';
import { long, seedOf } from '../../test/fixtures/seed.ts';
import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { RulebookDocument } from '../valuation/valuation.ts';
import { debtOf, postedBalance } from './account.ts';
import type { Command } from './commands/commands.ts';
import type { Clawback } from './types.ts';

const seed = seedOf('nothing-from-nothing');
const NOW = Date.UTC(2026, 0, 1);
const MEMBERS = ['00000000', '00000001', '00000007'].map(
  (start) => `${start}-0000-4000-8000-000000000000` as MemberId,
);
const EARNED = 10n ** 9n;

const platform = fc.record({
  /** From a hundredth of the base value to a thousand times it. */
  tenths: fc.oneof(fc.integer({ min: 7, max: 13 }), fc.integer({ min: 1, max: 10_000 })),
  scale: fc.integer({ min: 0, max: 4 }),
  clawback: fc.constantFrom<Clawback>('debt', 'available', 'refuse'),
});
const share = fc.constantFrom('0', '0.01', '0.3');
const terms = fc.record({
  feeOnSource: share,
  feeOnTarget: share,
  flat: fc.constantFrom('0', '1'),
  bonus: fc.constantFrom(undefined, '0.003', '0.3'),
  paidBy: fc.constantFrom('source' as const, 'target' as const),
  most: fc.constantFrom(undefined, 2, 40, 5_000),
  measure: fc.constantFrom('points' as const, 'count' as const),
});
const amount = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 1, max: 10 ** 8 }),
);
const which = fc.nat({ max: 99 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('convert' as const),
      from: which,
      to: which,
      member: which,
      receiver: which,
      amount,
    }),
  },
  /** In thousandths of what is left; 1000 is all of it. */
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('reverse' as const),
      which,
      thousandths: fc.oneof(fc.constant(1), fc.constant(999), fc.integer({ min: 1, max: 1_000 })),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const world = fc.record({
  bucketCount: fc.integer({ min: 1, max: 5 }),
  platforms: fc.array(platform, { minLength: 2, maxLength: 5 }),
  terms,
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** What one conversion moved, in minor units, and how much of it is not reversed. */
interface Made {
  readonly id: TransactionId;
  readonly source: number;
  readonly target: number;
  readonly member: MemberId;
  readonly whole: bigint;
  readonly credited: bigint;
  readonly fee: bigint;
  readonly targetFee: bigint;
  readonly owed: bigint;
  readonly due: bigint;
  rest: bigint;
}

function feeRule(
  on: 'source' | 'target',
  rate: string,
  flat: string,
): RulebookDocument['rules'][string] {
  return { kind: 'fee', fee: { rate, flat, on } };
}

/** a ÷ b, away from the floor: a bound may be too wide by less than one unit, never too narrow. */
function ceilOf(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return quotient * b < a ? quotient + 1n : quotient;
}

class Market {
  readonly ledger: MemoryLedger;
  readonly made: Made[] = [];
  private readonly names: readonly string[];
  /**
   * Of one minor unit of each platform's points, in millionths of one of the settlement currency.
   */
  private readonly worth: readonly bigint[];
  private readonly most: number | undefined;
  private readonly measure: 'points' | 'count';
  private readonly scales: readonly number[];
  private count = 0;

  constructor({
    bucketCount,
    platforms,
    terms: { feeOnSource, feeOnTarget, flat, bonus, paidBy, most, measure },
  }: World) {
    this.names = platforms.map((_each, index) => `platform_${'abcde'[index]}`);
    this.worth = platforms.map(({ tenths, scale }) => BigInt(tenths) * 10n ** BigInt(7 - scale));
    this.scales = platforms.map(({ scale }) => scale);
    this.most = most;
    this.measure = measure;
    const shape = { lifetimeDays: null, stock: 0n };
    const described = platforms.map(({ tenths, scale, clawback }, index): MemoryPlatform => ({
      ...shape,
      platformId: this.names[index] ?? '',
      multiplierTenths: tenths,
      scale,
      clawback,
    }));
    this.ledger = createMemoryLedger(bucketCount, described, () => NOW, {
      ...(feeOnSource === '0' ? {} : { source: feeRule('source', feeOnSource, flat) }),
      ...(feeOnSource !== '0' || feeOnTarget === '0'
        ? {}
        : { target: feeRule('target', feeOnTarget, flat) }),
      ...(bonus === undefined
        ? {}
        : { bonus: { kind: 'bonus' as const, bonus: { rate: bonus, paid_by: paidBy } } }),
      ...(most === undefined
        ? {}
        : {
            most: {
              kind: 'limit' as const,
              operations: ['conversion' as const],
              limit: { maximum: String(most), measure, per: 'day' as const, of: 'member' as const },
            },
          }),
    });
    for (const name of this.names)
      for (const member of MEMBERS) this.submit(name, member, { kind: 'earn', amount: EARNED });
  }

  run(asked: Step): void {
    if (asked.do === 'convert') this.convert(asked);
    else {
      const found = this.made[asked.which % Math.max(1, this.made.length)];
      if (found !== undefined && found.rest > 0n)
        this.reverse(found, ceilOf(found.rest * BigInt(asked.thousandths), 1_000n));
    }
    this.check();
  }

  reverse(conversion: Made, part: bigint, policy?: Clawback): void {
    const { id, source, member } = conversion;
    const { code } = this.submit(this.names[source] ?? '', member, {
      kind: 'reverse',
      transactionId: id,
      amount: part,
      reason: 'test',
      clawback: policy,
    });
    if (code === 'posted') conversion.rest -= part;
    else expect(['clawback_refused', 'balance_limit']).toContain(code);
  }

  private convert({
    from,
    to,
    member,
    receiver,
    amount: asked,
  }: Extract<Step, { do: 'convert' }>): void {
    const [source, target] = [from % this.names.length, to % this.names.length];
    const memberId = MEMBERS[member % MEMBERS.length]!;
    if (source === target) return;
    const before = [this.money(source), this.money(target), this.fees(target)] as const;
    const { code, transaction } = this.submit(this.names[source] ?? '', memberId, {
      kind: 'transfer',
      amount: BigInt(asked),
      targetPlatformId: this.names[target] as PlatformId,
      toMemberId: MEMBERS[receiver % MEMBERS.length]!,
    });
    if (transaction === undefined)
      expect([
        'amount_too_small',
        'insufficient_balance',
        'limit_exceeded',
        'balance_limit',
      ]).toContain(code);
    else {
      this.made.push({
        id: transaction.transactionId,
        source,
        target,
        member: memberId,
        whole: transaction.amount,
        rest: transaction.amount,
        credited: transaction.credited ?? 0n,
        fee: transaction.fee ?? 0n,
        targetFee: this.fees(target) - before[2],
        owed: before[0] - this.money(source),
        due: this.money(target) - before[1],
      });
    }
  }

  /**
   * No party has more than what is left of each conversion gave it; all of it in millionths of a
   * minor unit.
   */
  check(): void {
    const worthOf = (index: number): bigint => this.worth[index] ?? 0n;
    const gain = this.names.map(() => 0n);
    const kept = this.names.map(() => 0n);
    let members = 0n;
    for (const { source, target, whole, rest, credited, fee, targetFee, owed, due } of this.made) {
      members += ceilOf((worthOf(target) * credited - worthOf(source) * whole) * rest, whole);
      gain[source] =
        (gain[source] ?? 0n) + ceilOf((worthOf(source) * whole - owed * 1_000_000n) * rest, whole);
      kept[source] = (kept[source] ?? 0n) + (fee * rest) / whole;
      kept[target] = (kept[target] ?? 0n) + (targetFee * rest) / whole;
      gain[target] = (gain[target] ?? 0n) + worthOf(target) * ((targetFee * rest) / whole);
      expect(due * 1_000_000n <= worthOf(target) * (credited + targetFee)).toBe(true);
    }
    let held = 0n;
    this.names.forEach((name, index) => {
      const points = this.outstanding(name);
      // What a platform bore for members that had spent it is neither a gain of theirs nor of its
      // own.
      const borne = -this.ledger.total(name, 'clawback');
      expect(this.fees(index)).toBeLessThanOrEqual(kept[index] ?? 0n);
      held += worthOf(index) * (points - borne);
      expect(this.money(index) * 1_000_000n - worthOf(index) * points).toBeLessThanOrEqual(
        gain[index] ?? 0n,
      );
    });
    expect(held).toBeLessThanOrEqual(members);
    const rounding = this.ledger
      .accounts()
      .filter(({ purpose }) => purpose === 'rounding')
      .reduce((sum, account) => sum + postedBalance(account), 0n);
    expect(rounding).toBeGreaterThanOrEqual(0n);
    expect(rounding + this.names.reduce((sum, _name, index) => sum + this.money(index), 0n)).toBe(
      0n,
    );
    this.checkLimits();
  }

  /**
   * What is not reversed of a member's conversions never passes the limit: a part gives no more of
   * it back than its share.
   */
  private checkLimits(): void {
    if (this.most === undefined) return;
    const moved = Map.groupBy(this.made, ({ source, member }) => `${source} ${member}`);
    for (const of of moved.values()) {
      const scale = this.scales[of[0]?.source ?? 0] ?? 0;
      if (this.measure === 'count')
        expect(of.filter(({ rest }) => rest > 0n).length).toBeLessThanOrEqual(this.most);
      else
        expect(of.reduce((sum, { rest }) => sum + rest, 0n)).toBeLessThanOrEqual(
          BigInt(this.most) * 10n ** BigInt(scale),
        );
    }
  }

  /** Everybody has what it began with, to the minor unit. */
  expectAsBefore(): void {
    this.names.forEach((name, index) => {
      for (const member of MEMBERS) {
        const wallet = this.ledger.wallet(member, name);
        expect(
          wallet.lots.reduce((sum, lot) => sum + postedBalance(lot), 0n) - debtOf(wallet),
        ).toBe(EARNED);
      }
      expect([this.money(index), this.fees(index), this.ledger.total(name, 'clawback')]).toEqual([
        0n,
        0n,
        0n,
      ]);
    });
  }

  private submit(
    name: string,
    memberId: MemberId,
    command: Bare<Command>,
  ): ReturnType<MemoryLedger['submit']> {
    return this.ledger.submit({
      ...command,
      platformId: name as PlatformId,
      memberId,
      key: String((this.count += 1)),
    });
  }

  /** Members' points beyond what they earned. */
  private outstanding(name: string): bigint {
    return MEMBERS.reduce((sum, member) => {
      const wallet = this.ledger.wallet(member, name);
      return (
        sum +
        wallet.lots.reduce((all, lot) => all + postedBalance(lot), 0n) -
        debtOf(wallet) -
        EARNED
      );
    }, 0n);
  }

  private money(index: number): bigint {
    return this.ledger.total(this.names[index] ?? '', 'position', SETTLEMENT_ASSET_ID);
  }

  private fees(index: number): bigint {
    return this.ledger.total(this.names[index] ?? '', 'fee');
  }
}

type Bare<C> = C extends Command ? Omit<C, 'platformId' | 'memberId' | 'key'> : never;

describe('conversions and reversals, in whatever loops and parts', () => {
  const duration = long
    ? { numRuns: 10_000_000, interruptAfterTimeLimit: 600_000 }
    : { numRuns: 300 };

  it(
    'give nobody anything, and all of them reversed leave everything as it was',
    () => {
      fc.assert(
        fc.property(world, fc.array(step, { maxLength: 40 }), (described, steps) => {
          const market = new Market(described);
          for (const each of steps) market.run(each);
          // In the order in which they were made, as debts allow: what was spent meanwhile comes
          // back by the later ones.
          if (market.made.some(({ rest }) => rest > 0n))
            for (const one of market.made) if (one.rest > 0n) market.reverse(one, one.rest, 'debt');
          market.check();
          if (
            market.made.every(({ rest }) => rest === 0n) &&
            described.platforms.every(({ clawback }) => clawback !== 'available')
          )
            market.expectAsBefore();
        }),
        { seed, ...duration },
      );
    },
    patience(long ? 700_000 : 60_000),
  );
});
