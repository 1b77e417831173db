// The receiver of points gives them back when the transaction is reversed: out of the lots that it
// credited, as far as it credited them; out of the expired points, as far as they have lapsed; then
// out of all other lots. Pure.

import { smaller } from '../kernel/amount.ts';
import { headroom, type Account, type Wallet } from './account.ts';
import { shortfallMovements } from './take-back.ts';
import { lengthen, takeAndEnd, takeInTurn, type Frozen, type Taking } from './freezes.ts';
import { takeOutOfExpired } from './lapse.ts';
import type { Lengthened } from './lengthened.ts';
import {
  debit,
  firstOf,
  mergePortions,
  portionsOfHold,
  portionsUpTo,
  repayOutOf,
  restOf,
  setAside,
  sumOf,
  type Movement,
  type Portion,
} from './plan.ts';
import type { Part } from './share.ts';
import type { Clawback, PostedLeg } from './types.ts';
import type { DecidingView } from './view.ts';

export interface GivingBack {
  readonly wallet: Wallet;
  /** The platform's, in the bucket of the wallet. */
  readonly system: Wallet;
  /** The row that credited the wallet, of the transaction that is reversed. */
  readonly receiver: PostedLeg;
  /** The part that is given back, of all that was credited. */
  readonly part: Part;
  readonly policy: Clawback;
  /** The freezes of disputes in the wallet. */
  readonly frozen: Frozen;
  readonly view: DecidingView<'lapsed' | 'lengthened'>;
}

export interface GivenBack {
  readonly movements: readonly Movement[];
  /** The part that was frozen, and what happens to the freezes. */
  readonly takings: readonly Taking[];
  /** The part that had lapsed, and the lots that it lapsed from. */
  readonly lapsed: readonly Portion[];
}

/**
 * The movements that take the part back. Lapsed points are gone from the member already: they come
 * out of the platform's expired points, through the lot that they lapsed from. Of the points that
 * are there, frozen ones go first, in the commit that ends the freeze; then the lots that were
 * credited; then the others by expiry. The rest of a freeze that ends is given back, with the days
 * that it had. Undefined when the policy refuses.
 */
export function giveBack({
  wallet,
  system,
  receiver,
  part,
  policy,
  frozen: { holds, end },
  view,
}: GivingBack): GivenBack | undefined {
  const credited = creditedLots(receiver, wallet, part, view.lengthened(receiver.transactionId));
  const frozen = holds.flatMap((hold) => portionsOfHold(hold, wallet));
  const lapsed = credited
    .flatMap(({ lot, amount }): Portion[] => {
      const there = headroom(lot) + amountIn(frozen, lot);
      return there >= amount ? [] : [{ lot, amount: smaller(amount - there, view.lapsed(lot)) }];
    })
    .filter(({ amount }) => amount > 0n);
  const isCredited = (portion: Portion): boolean => amountIn(credited, portion.lot) > 0n;
  const live = part.amount - sumOf(lapsed);
  const takings = end ? holds.flatMap((hold) => takeAndEnd(hold, live)) : takeInTurn(holds, live);
  const outOf = takings.map(({ hold, taken, ends }) => {
    const portions = portionsOfHold(hold, wallet);
    // The order of its lots tells what a freeze that stays has left.
    const inOrder = ends
      ? [...portions.filter(isCredited), ...portions.filter((portion) => !isCredited(portion))]
      : portions;
    return { hold, gone: firstOf(inOrder, taken), rest: ends ? restOf(inOrder, taken) : [] };
  });
  const fromFreeze = outOf.flatMap(({ gone }) => gone);
  const free = mergePortions(outOf.flatMap(({ gone, rest }) => [...gone, ...rest]));
  const fromCredited = credited.map(({ lot, amount }) => ({
    lot,
    amount: smaller(amount - amountIn(lapsed, lot) - amountIn(fromFreeze, lot), headroom(lot)),
  }));
  const fromLots = portionsUpTo(wallet, live - sumOf(fromFreeze), view.today, fromCredited);
  const shortfall = shortfallMovements(
    wallet,
    system,
    live - sumOf(fromFreeze) - sumOf(fromLots),
    policy,
  );
  if (shortfall === undefined) return undefined;
  return {
    takings,
    lapsed,
    movements: [
      ...(free.length === 0 ? [] : setAside(free, system, sumOf(free), -1n)),
      ...takeOutOfExpired(lapsed, system),
      ...debit(mergePortions([...lapsed, ...fromFreeze, ...fromLots])),
      ...outOf.flatMap(({ hold, rest }) => {
        const repaid = repayOutOf(rest, wallet);
        return [...repaid.movements, ...lengthen(hold, repaid.rest, wallet, view)];
      }),
      ...shortfall,
    ],
  };
}

/**
 * How much of the part was credited to which lot, latest expiry first: in the order in which the
 * sender's lots are restored, so that no part exchanges points that end soon for points that end
 * late. Points that repaid a debt went to no lot; they were of the earliest expiry.
 */
function creditedLots(
  receiver: PostedLeg,
  wallet: Wallet,
  part: Part,
  lengthened: readonly Lengthened[],
): Portion[] {
  const amounts = new Map(
    receiver.entries
      .filter(({ amount, layer }) => layer === 'p' && amount > 0n)
      .map(({ accountId, amount }) => [accountId, amount]),
  );
  for (const { from, to, amount } of lengthened) {
    const went = smaller(amount, isLater(wallet, from, to) ? (amounts.get(from) ?? 0n) : 0n);
    if (went === 0n) continue;
    amounts.set(from, (amounts.get(from) ?? 0n) - went);
    amounts.set(to, (amounts.get(to) ?? 0n) + went);
  }
  const credited = wallet.lots.toReversed().flatMap((lot): Portion[] => {
    const amount = amounts.get(lot.accountId) ?? 0n;
    return amount === 0n ? [] : [{ lot, amount }];
  });
  const upTo = firstOf(credited, part.before + part.amount);
  const before = firstOf(credited, part.before);
  return upTo
    .map(({ lot, amount }) => ({ lot, amount: amount - amountIn(before, lot) }))
    .filter(({ amount }) => amount > 0n);
}

/** True when both are lots of the wallet and the second one ends later. */
function isLater(wallet: Wallet, from: bigint, to: bigint): boolean {
  const [first, second] = [from, to].map((accountId) =>
    wallet.lots.find((lot) => lot.accountId === accountId),
  );
  return first !== undefined && second !== undefined && second.expiresOn > first.expiresOn;
}

function amountIn(portions: readonly Portion[], lot: Account): bigint {
  return portions.reduce((sum, portion) => (portion.lot === lot ? sum + portion.amount : sum), 0n);
}
