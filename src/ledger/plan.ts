// The result of a decision: the movements to post, or the reason why not. Built by the commands,
// carried out by `post-plan.ts`.

import { formatAmountText, MAX_AMOUNT_MINOR, smaller } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import type { Bucket, MemberId, TransactionId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Day } from '../kernel/time.ts';
import {
  accountOf,
  availableOf,
  lotOf,
  MAX_COUNTER,
  spendable,
  walletBalance,
  debtOf,
  type Account,
  type Wallet,
} from './account.ts';
import { ledgerProblems } from './problems.ts';
import type { Asset, Hold, Layer, TransactionKind, Details } from './types.ts';

export interface Movement {
  readonly account: Account;
  readonly amount: bigint;
  readonly layer: Layer;
}

/**
 * One row of the journal to be: all its movements lie in the member's bucket and sum to zero per
 * asset and layer group.
 */
export interface LegPlan {
  readonly kind: TransactionKind;
  readonly memberId: MemberId;
  readonly counterpartyId?: MemberId;
  /** The member's wallet of the asset that `amount` counts. */
  readonly wallet: Wallet;
  /** The wallet that a conversion credits. */
  readonly targetWallet?: Wallet;
  readonly amount: bigint;
  readonly credited?: bigint;
  readonly targetAssetId?: number;
  readonly fee?: bigint;
  readonly rate?: string;
  readonly relatedId?: TransactionId;
  readonly occurredAtMs?: number | undefined;
  readonly details?: Details | undefined;
  readonly movements: readonly Movement[];
}

export interface Plan {
  readonly legs: readonly LegPlan[];
  /** Holds to create and to resolve; ids of their accounts are known only once they are posted. */
  readonly holds?: readonly HoldPlan[];
  readonly reversal?: { readonly transactionId: TransactionId; readonly amount: bigint };
  /** A quote that is used up. */
  readonly quote?: { readonly nonce: string; readonly bucket: Bucket };
  /** The version of the rulebook that was asked. */
  readonly rulebookVersion?: number;
}

export type HoldPlan =
  | {
      readonly change: 'create';
      readonly wallet: Wallet;
      readonly memberId: MemberId;
      readonly amount: bigint;
      readonly expiresAtMs: number;
      readonly portions: readonly Portion[];
      /** For a freeze: the transaction that is disputed, and the present time. */
      readonly frozen?: { readonly for: TransactionId; readonly atMs: number };
    }
  /** A freeze from which a part is taken, and which stays. */
  | { readonly change: 'take'; readonly hold: Hold; readonly captured: bigint }
  | {
      readonly change: 'resolve';
      readonly hold: Hold;
      readonly state: 'captured' | 'released' | 'expired';
      readonly captured: bigint;
    };

/** A system account whose stripe in this bucket lacks quota, though other stripes may have some. */
export interface Shortage {
  readonly account: Account;
  readonly need: bigint;
  /** The bound over all stripes, where the rules set it; the sum of the quotas when absent. */
  readonly cap?: bigint;
  /** The answer when all stripes together cannot give it. */
  readonly otherwise: Problem;
}

export type Decision =
  | { readonly type: 'post'; readonly plan: Plan }
  | { readonly type: 'refuse'; readonly problem: Problem }
  | { readonly type: 'short'; readonly shortage: Shortage };

export function post(plan: Plan): Decision {
  return { type: 'post', plan };
}

export function refusal(problem: Problem): Decision {
  return { type: 'refuse', problem };
}

/** Part of an amount and the lot it is in. */
export interface Portion {
  readonly lot: Account;
  readonly amount: bigint;
}

/**
 * Splits an amount over the lots it would be spent from, earliest expiry first; undefined when less
 * is available.
 */
export function portionsToSpend(wallet: Wallet, amount: bigint, today: Day): Portion[] | undefined {
  // Points that are owed are not available, though lots may hold them.
  if (debtOf(wallet) > 0n && availableOf(wallet, today) < amount) return undefined;
  const portions = portionsUpTo(wallet, amount, today);
  return sumOf(portions) < amount ? undefined : portions;
}

/**
 * As much of an amount as there is: of `first` what they name, then of all lots, earliest expiry
 * first.
 */
export function portionsUpTo(
  wallet: Wallet,
  amount: bigint,
  today: Day,
  first: readonly Portion[] = [],
): Portion[] {
  const portions: Portion[] = [];
  let left = amount;
  const take = (lot: Account, upTo: bigint): void => {
    const part = smaller(upTo, left);
    if (part <= 0n) return;
    portions.push({ lot, amount: part });
    left -= part;
  };
  for (const portion of first) take(portion.lot, portion.amount);
  const taken = [...portions];
  for (const lot of wallet.lots) {
    if (left === 0n) break;
    let there = spendable(lot, today);
    for (const portion of taken) if (portion.lot === lot) there -= portion.amount;
    take(lot, there);
  }
  return portions;
}

/** One portion for each lot. */
export function mergePortions(portions: readonly Portion[]): Portion[] {
  const merged = new Map<Account, Portion>();
  for (const { lot, amount } of portions)
    merged.set(lot, { lot, amount: amount + (merged.get(lot)?.amount ?? 0n) });
  return [...merged.values()];
}

export function sumOf(portions: readonly Portion[]): bigint {
  const [only] = portions;
  if (portions.length === 1 && only !== undefined) return only.amount;
  return portions.reduce((sum, portion) => sum + portion.amount, 0n);
}

/** The first `amount` of the portions, in their order. */
export function firstOf(portions: readonly Portion[], amount: bigint): Portion[] {
  let left = amount;
  const first: Portion[] = [];
  for (const { lot, amount: part } of portions) {
    const taken = smaller(part, left);
    if (taken > 0n) first.push({ lot, amount: taken });
    left -= taken;
  }
  return first;
}

export function debit(portions: readonly Portion[]): Movement[] {
  return portions.map(({ lot, amount }) => ({ account: lot, amount: -amount, layer: 'p' }));
}

/**
 * Movements that give points to a member: what the member owes is repaid first, the rest goes to
 * the lots named.
 */
export function credit(
  wallet: Wallet,
  parts: readonly { readonly expiresOn: Day; readonly amount: bigint }[],
): Movement[] {
  const movements: Movement[] = [];
  let debt = debtOf(wallet);
  let repaid = 0n;
  for (const part of parts) {
    const repay = smaller(debt, part.amount);
    debt -= repay;
    repaid += repay;
    if (part.amount > repay)
      movements.push({
        account: lotOf(wallet, part.expiresOn),
        amount: part.amount - repay,
        layer: 'p',
      });
  }
  if (repaid > 0n)
    movements.push({ account: accountOf(wallet, 'debt'), amount: repaid, layer: 'p' });
  return movements;
}

/** The rest of the portions after the first `amount`, in their order. */
export function restOf(portions: readonly Portion[], amount: bigint): Portion[] {
  let skip = amount;
  return portions.flatMap(({ lot, amount: part }): Portion[] => {
    const skipped = smaller(part, skip);
    skip -= skipped;
    return part === skipped ? [] : [{ lot, amount: part - skipped }];
  });
}

/**
 * Repays a member's debt out of points that were set aside and are free again, before they can be
 * spent or lapse.
 */
export function repayOutOf(
  freed: readonly Portion[],
  wallet: Wallet,
): { readonly movements: readonly Movement[]; readonly rest: readonly Portion[] } {
  const owed = debtOf(wallet);
  if (owed === 0n) return { movements: [], rest: freed };
  const repaid = firstOf(freed, owed);
  return {
    movements: [...debit(repaid), move(wallet, 'debt', sumOf(repaid))],
    rest: restOf(freed, sumOf(repaid)),
  };
}

/** A posted movement of a system account. */
export function move(
  wallet: Wallet,
  purpose: Parameters<typeof accountOf>[1],
  amount: bigint,
): Movement {
  return { account: accountOf(wallet, purpose), amount, layer: 'p' };
}

/** The pending movements of a hold (direction 1) or of its end (direction −1). */
export function setAside(
  portions: readonly Portion[],
  system: Wallet,
  amount: bigint,
  direction: 1n | -1n,
): Movement[] {
  return [
    ...portions.map(({ lot, amount: part }): Movement => ({
      account: lot,
      amount: -part * direction,
      layer: 'd',
    })),
    { ...move(system, 'redeemed', amount * direction), layer: 'c' },
  ];
}

/**
 * The lots that an open hold sets points aside in: of the member's wallet, or the platform's
 * `external` account.
 */
export function portionsOfHold(hold: Hold, wallet: Wallet): Portion[] {
  const portions = hold.accountIds.map((accountId, index) => ({
    lot: accountById([wallet], accountId),
    amount: hold.amounts[index] ?? 0n,
  }));
  return hold.captured === 0n ? portions : restOf(portions, hold.captured);
}

/** The account with that number among a few wallets that must have it. */
export function accountById(wallets: readonly Wallet[], accountId: bigint): Account {
  for (const wallet of wallets) {
    const found =
      wallet.lots.find((lot) => lot.accountId === accountId) ??
      wallet.others.find((account) => account.accountId === accountId);
    if (found !== undefined) return found;
  }
  assert(false, `account ${accountId} is in none of the wallets that were named`);
}

/** The problem with taking more than is available. */
export function insufficient(available: bigint, amount: bigint, points: Asset): Problem {
  const [have, want] = [
    formatAmountText(available, points.scale),
    formatAmountText(amount, points.scale),
  ];
  return ledgerProblems.insufficient_balance(`${want} were asked for and ${have} are available.`, {
    available: Number(have),
  });
}

/** The problem with giving a member that much more, if there is one. */
export function balanceLimit(wallet: Wallet, amount: bigint, today: Day): Problem | undefined {
  return walletBalance(wallet, today) + amount > MAX_AMOUNT_MINOR
    ? ledgerProblems.balance_limit()
    : undefined;
}

/**
 * True when a movement of the plan would count past the end of its account: after 4,611 times the
 * largest amount.
 */
export function exceedsCounters(plan: Plan): boolean {
  return plan.legs.some((leg) =>
    leg.movements.some((movement) => counterAfter(movement) > MAX_COUNTER),
  );
}

/** The counter that a movement changes, as it will be. */
function counterAfter({ account, amount, layer }: Movement): bigint {
  switch (layer) {
    case 'p':
      return amount < 0n ? account.debitsPosted - amount : account.creditsPosted + amount;
    case 'd':
      return account.debitsPending - amount;
    case 'c':
      return account.creditsPending + amount;
  }
}

/**
 * Splits `total` over parts in proportion to their weights, each boundary rounded toward zero, so
 * that the parts sum to `total` exactly and splitting in two steps gives the same as in one.
 */
export function splitByWeight(total: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((a, b) => a + b, 0n);
  let weightSoFar = 0n;
  let givenSoFar = 0n;
  return weights.map((weight) => {
    weightSoFar += weight;
    const upTo = (total * weightSoFar) / sum;
    const part = upTo - givenSoFar;
    givenSoFar = upTo;
    return part;
  });
}
