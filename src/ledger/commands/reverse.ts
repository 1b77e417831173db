// Reverse: undoes a posted transaction, whole or in part, restoring the lots it took from. Pure. A
// part rounds against whoever keeps what is not reversed yet; all parts together give exactly the
// whole.

import { assert } from '../../kernel/assert.ts';
import { formatAmount, smaller } from '../../kernel/amount.ts';
import { networkOwnerId } from '../../kernel/ids.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { Day } from '../../kernel/time.ts';
import { accountOf, availableOf, type Account, type Wallet } from '../account.ts';
import { giveBackAllowances } from '../limits.ts';
import { mergeByDay, shortOf } from '../convert.ts';
import { finalityProblem, tooMuchToRecall } from '../finality.ts';
import {
  describeTakings,
  holdPlansOf,
  NO_FREEZE,
  NOTHING_FROZEN,
  withFrozenDays,
  type Frozen,
  type FrozenOf,
} from '../freezes.ts';
import { giveBack, type GivenBack } from '../give-back.ts';
import { describeLapsed } from '../lapse.ts';
import {
  balanceLimit,
  credit,
  move,
  post,
  refusal,
  sumOf,
  type Decision,
  type LegPlan,
  type Movement,
} from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { notWholeUnits, pointsOfPart, unitsOfPart, unitsOfPoints } from '../redeemed-units.ts';
import { shareBefore, shareOf, shareUpTo, type Part } from '../share.ts';
import type {
  Asset,
  Clawback,
  Details,
  PostedLeg,
  ReturnedUnits,
  ReverseCommand,
  TransactionKind,
} from '../types.ts';
import { systemWallet, targetOf, type View } from '../view.ts';

interface Reversing {
  readonly first: PostedLeg;
  readonly second: PostedLeg | undefined;
  readonly part: Part;
  readonly policy: Clawback | undefined;
  /** What disputes have frozen at whoever gives points back. */
  readonly frozen: Frozen;
  readonly returned: ReturnedUnits | undefined;
  readonly view: View;
}

interface Undone {
  /** The last one is the receiver's. */
  readonly legs: readonly LegPlan[];
  /** Absent where nobody gives points back whom the ledger knows. */
  readonly given?: GivenBack | undefined;
}

/** The legs that undo one kind of transaction, or why they cannot be made. */
type Undo = (reversing: Reversing) => Undone | Problem | Decision;

const undoByKind: Partial<Record<TransactionKind, Undo>> = {
  earn: undoEarn,
  transfer: undoMove,
  conversion: undoConversion,
  redeem: undoRedeem,
  capture: undoCapture,
};

export function decideReverse(command: ReverseCommand, view: View): Decision {
  const [first, second] = view.original(command.transactionId);
  const points = view.points(command.platformId);
  if (
    first === undefined ||
    first.assetId !== points.assetId ||
    first.memberId !== command.memberId
  )
    return refusal(ledgerProblems.transaction_not_found());
  const undo = undoByKind[first.kind];
  if (undo === undefined)
    return refusal(ledgerProblems.not_reversible(`This transaction is of kind ${first.kind}.`));
  const before = view.reversed(first.transactionId);
  const left = first.amount - before;
  const amount = command.amount ?? amountOfUnits(command, first, before) ?? left;
  if (left === 0n || amount > left) {
    return refusal(
      ledgerProblems.already_reversed(undefined, { reversible: formatAmount(left, points.scale) }),
    );
  }
  const part = { before, amount, floored: view.floored(first.transactionId) };
  const frozen = freezesFor(command, first, view);
  if ('code' in frozen) return refusal(frozen);
  const alone = first.kind === 'conversion' && command.agreed !== true;
  const final = alone
    ? finalityProblem(first, targetOf(first, view), view.rulebook, view.nowMs)
    : undefined;
  if (final !== undefined) return refusal(final);
  const reversing = {
    first,
    second,
    part,
    policy: alone ? ('refuse' as const) : command.clawback,
    frozen,
    returned: command.returned,
    view,
  };
  if (alone && !isUnspent(reversing)) {
    const fits = (some: bigint): boolean =>
      isUnspent({ ...reversing, part: { before, amount: some } });
    return refusal(tooMuchToRecall(left, fits, points));
  }
  const made = undo(reversing);
  if ('code' in made) return refusal(made);
  if ('type' in made) return made;
  const details = {
    ...command.details,
    reason: command.reason,
    ...(command.returned === undefined ? {} : { returned_vouchers: command.returned.vouchers }),
  };
  const allowed = giveBackAllowances(
    command.transactionId,
    (used) => shareOf(used, first.amount, part, rounding.allowance),
    view,
  );
  const { legs, given } = made;
  return post({
    legs: legs.map((leg, index) => ({
      ...leg,
      details: { ...details, ...(index === legs.length - 1 ? detailsOf(given) : {}) },
      ...(index === 0 ? { movements: [...leg.movements, ...allowed] } : {}),
    })),
    reversal: { transactionId: first.transactionId, amount },
    holds: holdPlansOf(given?.takings ?? []),
  });
}

/**
 * Which freezes are touched: all of them by whoever undoes a transaction within its platform, its
 * own by a dispute that is settled.
 */
function freezesFor(command: ReverseCommand, first: PostedLeg, view: View): Frozen | Problem {
  const freezes = view.freezes(first.transactionId);
  if (command.frozenHoldId !== undefined) {
    const own = freezes.filter(({ holdId }) => holdId === command.frozenHoldId);
    return own.length === 0
      ? ledgerProblems.hold_resolved('This freeze has ended.')
      : { holds: own, end: true };
  }
  if (command.agreed === true || freezes.length === 0) return NOTHING_FROZEN;
  return first.kind === 'conversion'
    ? ledgerProblems.transaction_disputed()
    : { holds: freezes, end: false };
}

/**
 * By this the journal says what became of the freeze and out of what points came; the row's own
 * relation is to the transaction that it reverses.
 */
function detailsOf(given: GivenBack | undefined): Details {
  return given === undefined
    ? {}
    : { ...describeTakings(given.takings), ...describeLapsed(given.lapsed) };
}

/** Which of what the receiver got it gives back, in minor units of that. */
function givenBackBy({ first, part }: Reversing): Part {
  if (first.kind !== 'conversion') return part;
  const credited = first.credited ?? 0n;
  return {
    before: shareBefore(credited, first.amount, part, rounding.credited),
    amount: shareOf(credited, first.amount, part, rounding.credited),
  };
}

/**
 * The receiver gives its part back, under the policy of the platform whose points they are where
 * the command names none.
 */
function takeFromReceiver(
  reversing: Reversing,
  receiver: PostedLeg,
  wallet: Wallet,
  points: Asset,
): GivenBack | undefined {
  const { frozen, policy, view } = reversing;
  const system = systemWallet(view, receiver.bucket, points);
  return giveBack({
    wallet,
    system,
    receiver,
    part: givenBackBy(reversing),
    policy: policy ?? points.clawback,
    frozen,
    view,
  });
}

/** Whether the receiver still has what a part gives back: free, and with nothing owed. */
function isUnspent(reversing: Reversing): boolean {
  const { first, second, view } = reversing;
  const target = targetOf(first, view);
  const receiver = second ?? first;
  const wallet = view.wallet(receiver.bucket, receiver.memberId, target.assetId);
  const given = takeFromReceiver(reversing, receiver, wallet, target);
  return (
    given !== undefined &&
    givenBackBy(reversing).amount - sumOf(given.lapsed) <= availableOf(wallet, view.today)
  );
}

function undoEarn(reversing: Reversing): Undone | Problem {
  const { first, part, view } = reversing;
  const points = view.asset(first.assetId);
  const wallet = view.wallet(first.bucket, first.memberId, first.assetId);
  const given = takeFromReceiver(reversing, first, wallet, points);
  if (given === undefined) return ledgerProblems.clawback_refused();
  const issued = move(systemWallet(view, first.bucket, points), 'issued', part.amount);
  return { given, legs: [leg(first, wallet, part.amount, [...given.movements, issued])] };
}

function undoCapture(reversing: Reversing): Undone | Problem {
  const { first, part, view } = reversing;
  const wallet = view.wallet(first.bucket, first.memberId, first.assetId);
  const tooMuch = balanceLimit(wallet, part.amount, view.today);
  if (tooMuch !== undefined) return tooMuch;
  const system = systemWallet(view, first.bucket, view.asset(first.assetId));
  const restored = restore(first, wallet, part, NO_FREEZE, view);
  return {
    legs: [leg(first, wallet, part.amount, [move(system, 'redeemed', -part.amount), ...restored])],
  };
}

/** What so many more units of a redeem stand for. */
function amountOfUnits(
  { returned }: ReverseCommand,
  { kind, amount, credited }: PostedLeg,
  before: bigint,
): bigint | undefined {
  if (returned === undefined || kind !== 'redeem' || credited === null) return undefined;
  return pointsOfPart({ amount, quantity: credited }, before, returned.units);
}

/** As a capture; the reward's units go back into stock, whole units only. */
function undoRedeem(reversing: Reversing): Undone | Problem {
  const { first, part, returned, view } = reversing;
  const { targetAssetId } = first;
  if (targetAssetId === null || first.credited === null) return undoCapture(reversing);
  const redeemed = { amount: first.amount, quantity: first.credited };
  const units = unitsOfPart(redeemed, part.before, part.amount);
  if (units === undefined || units !== (returned?.units ?? units)) {
    const most = redeemed.quantity - unitsOfPoints(redeemed, part.before);
    return notWholeUnits(redeemed, part.before, view.asset(first.assetId).scale, most);
  }
  const made = undoCapture(reversing);
  if ('code' in made) return made;
  const reward = systemWallet(view, first.bucket, view.asset(first.assetId), targetAssetId);
  return {
    legs: made.legs.map((plan) => ({
      ...plan,
      credited: units,
      targetAssetId,
      movements: [
        ...plan.movements,
        move(reward, 'delivered', -units),
        move(reward, 'stock', units),
      ],
    })),
  };
}

/** The receiver gives back under the clawback policy; the sender's lots are restored. */
function undoMove(reversing: Reversing): Undone | Problem {
  const { first, second, part, view } = reversing;
  assert(second !== undefined, 'a transfer has two legs');
  const points = view.asset(first.assetId);
  const wallet = view.wallet(first.bucket, first.memberId, first.assetId);
  const toWallet = view.wallet(second.bucket, second.memberId, first.assetId);
  const toSystem = systemWallet(view, second.bucket, points);
  const tooMuch = balanceLimit(wallet, part.amount, view.today);
  if (tooMuch !== undefined) return tooMuch;
  const given = takeFromReceiver(reversing, second, toWallet, points);
  if (given === undefined) return ledgerProblems.clawback_refused();
  const transit = move(systemWallet(view, first.bucket, points), 'transit', -part.amount);
  const back = { takings: given.takings, of: part.amount };
  const restored = restore(first, wallet, part, back, view);
  return {
    given,
    legs: [
      leg(first, wallet, part.amount, [transit, ...restored]),
      leg(second, toWallet, part.amount, [
        ...given.movements,
        move(toSystem, 'transit', part.amount),
      ]),
    ],
  };
}

/**
 * Which way each share of a part is rounded: against whoever keeps what is not reversed yet.
 *
 * | share | who keeps the rest | keeps |
 * |------------|---------------------------------------------|------------| | credited | the
 * receiver, in target points | at most it | | fee | the source platform | at most it | | target fee
 * | the target platform | at most it | | due | the target platform, for points of it there | at
 * most it | | owed | the source platform, which pays less | owes at least it | | allowance | the
 * member, who may move more | has used at least it |
 *
 * A bonus is part of what was credited. The difference between owed and due stays with the
 * network's rounding account until the last part, as that of the conversion itself does.
 */
const rounding = {
  credited: 'sooner',
  fee: 'sooner',
  targetFee: 'sooner',
  owed: 'later',
  allowance: 'later',
} as const;

interface Due {
  readonly credited: bigint;
  readonly targetFee: bigint;
  /** What the target platform was due in settlement currency for both. */
  readonly due: bigint;
  readonly whole: bigint;
}

/**
 * What the target platform is no longer due. It stays due for the points that are still there, of
 * its member and its fee: in proportion to them, which is never more than in proportion to what is
 * not reversed.
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
function undoConversion(reversing: Reversing): Undone | Problem | Decision {
  const { first, second, part, view } = reversing;
  const source = view.asset(first.assetId);
  const target = targetOf(first, view);
  const receiver = second ?? first;
  const { amount: credited } = givenBackBy(reversing);
  const fee = shareOf(first.fee ?? 0n, first.amount, part, rounding.fee);

  const wallet = view.wallet(first.bucket, first.memberId, source.assetId);
  const toWallet = view.wallet(receiver.bucket, receiver.memberId, target.assetId);
  const overConnected = source.custody === 'connected' || target.custody === 'connected';
  // A platform undoes a transaction or not: it knows no parts of it.
  if (overConnected && part.amount !== first.amount) return ledgerProblems.whole_reversal_only();
  const tooMuch =
    source.custody === 'connected' ? undefined : balanceLimit(wallet, part.amount, view.today);
  if (tooMuch !== undefined) return tooMuch;
  const toSystem = systemWallet(view, receiver.bucket, target);
  const given =
    target.custody === 'connected'
      ? undefined
      : takeFromReceiver(reversing, receiver, toWallet, target);
  if (given === undefined && target.custody === 'hosted') return ledgerProblems.clawback_refused();

  const wholeTargetFee = amountOn(receiver, accountOf(toSystem, 'fee'));
  const targetFee = shareOf(wholeTargetFee, first.amount, part, rounding.targetFee);
  const owing = accountOf(
    systemWallet(view, first.bucket, source, view.settlement.assetId),
    'position',
  );
  const owed = accountOf(
    systemWallet(view, first.bucket, target, view.settlement.assetId),
    'position',
  );
  const leftOver = accountOf(
    view.wallet(first.bucket, networkOwnerId(), view.settlement.assetId),
    'rounding',
  );
  const value = shareOf(-amountOn(first, owing), first.amount, part, rounding.owed);
  const due = dueFor(
    {
      credited: first.credited ?? 0n,
      targetFee: wholeTargetFee,
      due: amountOn(first, owed),
      whole: first.amount,
    },
    part,
  );
  const short = shortOf(owed, due);
  if (short !== undefined) return short;

  const system = systemWallet(view, first.bucket, source);
  const restored: Movement[] = [
    move(system, 'redeemed', fee - part.amount),
    ...(fee > 0n ? [move(system, 'fee', -fee)] : []),
    ...(source.custody === 'connected'
      ? [move(system, 'external', part.amount)]
      : restore(first, wallet, part, { takings: given?.takings ?? [], of: credited }, view)),
    ...[posted(owing, value), posted(owed, -due), posted(leftOver, due - value)].filter(
      (movement) => movement.amount !== 0n,
    ),
  ];
  const returned: Movement[] = [
    ...(given?.movements ?? [move(toSystem, 'external', -credited)]),
    move(toSystem, 'issued', credited + targetFee),
    ...(targetFee > 0n ? [move(toSystem, 'fee', -targetFee)] : []),
  ].filter((movement) => movement.amount !== 0n);
  const terms = { credited, fee, targetAssetId: target.assetId };
  const sourceWallet = source.custody === 'connected' ? system : wallet;
  if (second === undefined) {
    const to = target.custody === 'connected' ? {} : { targetWallet: toWallet };
    return {
      given,
      legs: [
        { ...leg(first, sourceWallet, part.amount, [...restored, ...returned]), ...to, ...terms },
      ],
    };
  }
  return {
    given,
    legs: [
      { ...leg(first, sourceWallet, part.amount, restored), ...terms },
      { ...leg(second, wallet, part.amount, returned), targetWallet: toWallet, ...terms },
    ],
  };
}

function leg(
  original: PostedLeg,
  wallet: Wallet,
  amount: bigint,
  movements: readonly Movement[],
): LegPlan {
  return {
    kind: 'reverse',
    memberId: original.memberId,
    wallet,
    amount,
    relatedId: original.transactionId,
    movements,
    ...(original.counterpartyId === null ? {} : { counterpartyId: original.counterpartyId }),
  };
}

function posted(account: Account, amount: bigint): Movement {
  return { account, amount, layer: 'p' };
}

/** What a transaction moved on an account for good. */
function amountOn(original: PostedLeg, account: Account): bigint {
  return (
    original.entries.find((entry) => entry.layer === 'p' && entry.accountId === account.accountId)
      ?.amount ?? 0n
  );
}

/**
 * Movements that give a part back to the lots it was taken from: last spent, first restored, so
 * that the earliest expiry stays spent longest. Expired lots are restored too: reversing does not
 * lengthen a life, the next sweep expires them again. But whoever gets back what a dispute had
 * frozen has not lost the days that it was frozen.
 */
function restore(
  original: PostedLeg,
  wallet: Wallet,
  part: Part,
  back: FrozenOf,
  view: View,
): Movement[] {
  const spent = original.entries
    .filter((entry) => entry.layer === 'p' && entry.amount < 0n)
    .flatMap((entry) => {
      const lot = wallet.lots.find((candidate) => candidate.accountId === entry.accountId);
      return lot === undefined ? [] : [{ expiresOn: lot.expiresOn, amount: -entry.amount }];
    })
    .toReversed();
  return credit(wallet, mergeByDay(withFrozenDays(slice(spent, part), back, view)));
}

/** What lies between `before` and `before + amount` when the parts are laid end to end. */
function slice(
  parts: readonly { readonly expiresOn: Day; readonly amount: bigint }[],
  part: Part,
): { expiresOn: Day; amount: bigint }[] {
  let skip = part.before;
  let left = part.amount;
  return parts.map(({ expiresOn, amount }) => {
    const skipped = smaller(skip, amount);
    const taken = smaller(amount - skipped, left);
    skip -= skipped;
    left -= taken;
    return { expiresOn, amount: taken };
  });
}
