// Undoes a conversion: both sides and the positions go back in proportion. Pure. Before this:
// `commands/reverse.ts`. What all reversals have in common is in `reversing.ts`.

import { assert } from '../kernel/assert.ts';
import type { Problem } from '../kernel/problem.ts';
import { accountOf, availableOf, type Account } from './account.ts';
import { shortOf } from './convert.ts';
import { balanceLimit, move, sumOf, type Decision, type Movement } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import {
  givenBackBy,
  legOf,
  restore,
  rounding,
  takeFromReceiver,
  type Reversing,
  type Undone,
} from './reversing.ts';
import type { GivenBack } from './give-back.ts';
import { shareOf, shareUpTo, type Part } from './share.ts';
import type { PostedLeg } from './types.ts';

/** True when the receiver still has the points that a part gives back: free, and without debt. */
export function isUnspent(reversing: Reversing): boolean {
  const given = takeFromReceiver(reversing);
  return (
    given !== undefined &&
    givenBackBy(reversing).amount - sumOf(given.lapsed) <=
      availableOf(reversing.wallets.toWallet, reversing.view.today)
  );
}

interface Due {
  readonly credited: bigint;
  readonly targetFee: bigint;
  /** The amount in settlement currency that the target platform was due for both. */
  readonly due: bigint;
  readonly whole: bigint;
}

/**
 * The amount that the target platform is no longer due. It stays due for the points that are still
 * there, of its member and its fee: in proportion to them, which is never more than in proportion
 * to what is not reversed.
 */
function dueFor({ credited, targetFee, due, whole }: Due, part: Part): bigint {
  const { before, amount, floored } = part;
  const keptAfter = (done: bigint): bigint => {
    const back =
      shareUpTo(credited, whole, done, rounding.credited) +
      shareUpTo(targetFee, whole, done, rounding.targetFee);
    return (due * (credited + targetFee - back)) / (credited + targetFee);
  };
  const keptBefore =
    before === floored ? due - shareUpTo(due, whole, before, 'later') : keptAfter(before);
  return keptBefore - keptAfter(before + amount);
}

/**
 * Both sides and the positions go back in proportion; the target platform's clawback policy holds
 * for what it issued.
 */
export function undoConversion(reversing: Reversing): Undone | Problem | Decision {
  const { first, second, part, view } = reversing;
  const { source, target, wallet, system, toWallet } = reversing.wallets;
  const overConnected = source.custody === 'connected' || target.custody === 'connected';
  // A platform undoes a transaction or not: it knows no parts of it.
  if (overConnected && part.amount !== first.amount) return ledgerProblems.whole_reversal_only();
  const tooMuch =
    source.custody === 'connected' ? undefined : balanceLimit(wallet, part.amount, view.today);
  if (tooMuch !== undefined) return tooMuch;
  const given = target.custody === 'connected' ? undefined : takeFromReceiver(reversing);
  if (given === undefined && target.custody === 'hosted') return ledgerProblems.clawback_refused();
  const shares = sharesOf(reversing);
  const short = shortOf(shares.owed.account, -shares.owed.amount);
  if (short !== undefined) return short;

  const restored = restoredToSource(reversing, given, shares);
  const returned = returnedByTarget(reversing, given, shares);
  const terms = { credited: shares.credited, fee: shares.fee, targetAssetId: target.assetId };
  const sourceWallet = source.custody === 'connected' ? system : wallet;
  if (second === undefined) {
    const to = target.custody === 'connected' ? {} : { targetWallet: toWallet };
    const leg = legOf(first, sourceWallet, part.amount, [...restored, ...returned]);
    return { given, legs: [{ ...leg, ...to, ...terms }] };
  }
  return {
    given,
    legs: [
      { ...legOf(first, sourceWallet, part.amount, restored), ...terms },
      { ...legOf(second, wallet, part.amount, returned), targetWallet: toWallet, ...terms },
    ],
  };
}

/** The amounts of the part on each side. */
interface Shares {
  readonly credited: bigint;
  readonly fee: bigint;
  readonly targetFee: bigint;
  /** The movements of the positions and of the network's rounding. */
  readonly owing: Movement;
  readonly owed: Movement;
  readonly leftOver: Movement;
}

function sharesOf(reversing: Reversing): Shares {
  const { first, second, part } = reversing;
  const { toSystem, positions } = reversing.wallets;
  assert(positions !== undefined, 'a conversion moves positions');
  const targetFee = amountOn(second ?? first, accountOf(toSystem, 'fee'));
  const owing = accountOf(positions.owing, 'position');
  const owed = accountOf(positions.due, 'position');
  const value = shareOf(-amountOn(first, owing), first.amount, part, rounding.owed);
  const credited = first.credited ?? 0n;
  const whole = { credited, targetFee, due: amountOn(first, owed), whole: first.amount };
  const due = dueFor(whole, part);
  return {
    credited: givenBackBy(reversing).amount,
    fee: shareOf(first.fee ?? 0n, first.amount, part, rounding.fee),
    targetFee: shareOf(targetFee, first.amount, part, rounding.targetFee),
    owing: posted(owing, value),
    owed: posted(owed, -due),
    leftOver: posted(accountOf(positions.network, 'rounding'), due - value),
  };
}

/** The source's side: the member's lots or the platform's own books, and the positions. */
function restoredToSource(
  { first, wallets, part, view }: Reversing,
  given: GivenBack | undefined,
  { credited, fee, owing, owed, leftOver }: Shares,
): Movement[] {
  const { source, wallet, system } = wallets;
  const frozen = { takings: given?.takings ?? [], of: credited };
  return [
    move(system, 'redeemed', fee - part.amount),
    ...(fee > 0n ? [move(system, 'fee', -fee)] : []),
    ...(source.custody === 'connected'
      ? [move(system, 'external', part.amount)]
      : restore(first, wallet, part, frozen, view)),
    ...[owing, owed, leftOver].filter(({ amount }) => amount !== 0n),
  ];
}

/** The target's side: out of what the receiver gives back, or out of the platform's own books. */
function returnedByTarget(
  { wallets: { toSystem } }: Reversing,
  given: GivenBack | undefined,
  { credited, targetFee }: Shares,
): Movement[] {
  return [
    ...(given?.movements ?? [move(toSystem, 'external', -credited)]),
    move(toSystem, 'issued', credited + targetFee),
    ...(targetFee > 0n ? [move(toSystem, 'fee', -targetFee)] : []),
  ].filter(({ amount }) => amount !== 0n);
}

function posted(account: Account, amount: bigint): Movement {
  return { account, amount, layer: 'p' };
}

/** The amount that a transaction posted on an account. */
function amountOn(original: PostedLeg, account: Account): bigint {
  return (
    original.entries.find((entry) => entry.layer === 'p' && entry.accountId === account.accountId)
      ?.amount ?? 0n
  );
}
