// The shared parts of all reversals: their wallets, the shares of a part, the lots that are
// restored. Pure. Before this: `commands/reverse.ts` has checked that the part can be reversed.
// Next: `undo-within.ts` or `undo-conversion.ts`.

import { smaller } from '../kernel/amount.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Day } from '../kernel/time.ts';
import type { Wallet } from './account.ts';
import { mergeByDay, positionWallets, type PositionWallets } from './convert.ts';
import { withFrozenDays, type Frozen, type FrozenOf } from './freezes.ts';
import { giveBack, type GivenBack } from './give-back.ts';
import { credit, type Decision, type LegPlan, type Movement } from './plan.ts';
import { shareBefore, shareOf, type Part } from './share.ts';
import type { Asset, Clawback, PostedLeg, ReturnedUnits } from './types.ts';
import {
  systemWallet,
  targetOf,
  type BaseView,
  type DecidingView,
  type WalletView,
} from './view.ts';

/** The wallets of a transaction that is to be reversed, where its rows are. */
export interface ReversalWallets {
  /** The asset of the first member, and the one that the receiver was credited in. */
  readonly source: Asset;
  readonly target: Asset;
  /** The wallets of the first member and of its platform. */
  readonly wallet: Wallet;
  readonly system: Wallet;
  /** The wallets of the receiver, who is the first member where there is one row. */
  readonly toWallet: Wallet;
  readonly toSystem: Wallet;
  /** The reward's stock, for a redeem. */
  readonly reward: Wallet | undefined;
  /** Of a conversion. */
  readonly positions: PositionWallets | undefined;
}

export function reversalWallets(
  first: PostedLeg,
  receiver: PostedLeg,
  view: WalletView,
): ReversalWallets {
  const isConversion = first.kind === 'conversion';
  const source = view.asset(first.assetId);
  const target = isConversion ? targetOf(first, view) : source;
  const rewardId = first.kind === 'redeem' ? first.targetAssetId : null;
  return {
    source,
    target,
    wallet: view.wallet(first.bucket, first.memberId, source.assetId),
    system: systemWallet(view, first.bucket, source),
    toWallet: view.wallet(receiver.bucket, receiver.memberId, target.assetId),
    toSystem: systemWallet(view, receiver.bucket, target),
    reward: rewardId === null ? undefined : systemWallet(view, first.bucket, source, rewardId),
    positions: isConversion ? positionWallets(first.bucket, source, target, view) : undefined,
  };
}

/** The readings that a reversal needs about disputes and sweeps. */
type ReversingView = DecidingView<'lapsed' | 'lengthened'>;

export interface Reversing {
  readonly first: PostedLeg;
  /** The second row, of another member; undefined where there is one row. */
  readonly second: PostedLeg | undefined;
  readonly wallets: ReversalWallets;
  readonly part: Part;
  readonly policy: Clawback | undefined;
  /** The freezes at the member who gives points back. */
  readonly frozen: Frozen;
  readonly returned: ReturnedUnits | undefined;
  readonly view: ReversingView;
}

export interface Undone {
  /** The last one is the receiver's. */
  readonly legs: readonly LegPlan[];
  /** Absent where no member with accounts here gives points back. */
  readonly given?: GivenBack | undefined;
}

/** The legs that undo one kind of transaction, or why they cannot be made. */
export type Undo = (reversing: Reversing) => Undone | Problem | Decision;

/**
 * The direction in which each share of a part is rounded: against the side that keeps the rest.
 *
 * - credited: the receiver keeps at most the rest, in target points.
 * - fee: the source platform keeps at most the rest.
 * - target fee: the target platform keeps at most the rest.
 * - due: the target platform keeps at most the rest, for its points that are still there.
 * - owed: the source platform, which pays less, owes at least the rest.
 * - allowance: the member, who may move more, has used at least the rest.
 *
 * A bonus is part of what was credited. The difference between owed and due stays with the
 * network's rounding account until the last part, as that of the conversion itself does.
 */
export const rounding = {
  credited: 'sooner',
  fee: 'sooner',
  targetFee: 'sooner',
  owed: 'later',
  allowance: 'later',
} as const;

/** The part of its points that the receiver gives back, in minor units of these. */
export function givenBackBy({ first, part }: Reversing): Part {
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
export function takeFromReceiver(reversing: Reversing): GivenBack | undefined {
  const { first, second, wallets, frozen, policy, view } = reversing;
  return giveBack({
    wallet: wallets.toWallet,
    system: wallets.toSystem,
    receiver: second ?? first,
    part: givenBackBy(reversing),
    policy: policy ?? wallets.target.clawback,
    frozen,
    view,
  });
}

export function legOf(
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

/**
 * Movements that give a part back to the lots it was taken from: last spent, first restored, so
 * that the earliest expiry stays spent longest. Expired lots are restored too: a reversal does not
 * lengthen their life, and the next sweep expires them again. Points that a dispute had frozen keep
 * the days that they were frozen.
 */
export function restore(
  original: PostedLeg,
  wallet: Wallet,
  part: Part,
  back: FrozenOf,
  view: BaseView,
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

/** The pieces between `before` and `before + amount` when the parts are laid end to end. */
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
