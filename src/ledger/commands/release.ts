// Release: ends a hold, and its points are available again. Pure. Row of `commands.ts`.

import type { TransactionId } from '../../kernel/ids.ts';
import { authorisedWallets, decideUndo, type AuthorisedWallets } from '../authorisation.ts';
import { isFreeze, leftOf, lengthen } from '../freezes.ts';
import { allowanceWallets, giveBackAllowances, type AllowanceWallets } from '../limits.ts';
import { portionsOfHold, post, refusal, repayOutOf, setAside } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { systemWallet } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

export interface ReleaseCommand extends CommandBase {
  readonly kind: 'release';
  readonly holdId: TransactionId;
  /**
   * `timer` only when the hold's time is over; `undone` only for an authorisation whose platforms
   * have done nothing, or undone it; `dispute` for a freeze, which nothing else releases.
   */
  readonly cause: 'caller' | 'timer' | 'undone' | 'dispute';
}

interface ReleaseWallets extends MemberWallets {
  /** The allowances that the hold drew on. */
  readonly allowances: readonly AllowanceWallets[];
  /** The wallets of the authorisation, where the hold is one. */
  readonly authorised: AuthorisedWallets | undefined;
}

/** Undoes the pending movements. */
export const release: LedgerCommand<
  ReleaseCommand,
  ReleaseWallets,
  'hold' | 'original' | 'allowances'
> = {
  hostedOnly: () => false,
  states: ({ holdId }) => [holdId],
  reads: ({ holdId }) => ({ hold: holdId, original: holdId, allowances: holdId }),
  wallets: ({ memberId, platformId, holdId }, view) => {
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    const system = systemWallet(view, bucket, points);
    const [first] = view.original(holdId);
    // Where the platform keeps its points itself, a review has set aside the system's.
    const wallet =
      points.custody === 'connected' ? system : view.wallet(bucket, memberId, points.assetId);
    return {
      wallet,
      system,
      allowances: allowanceWallets(holdId, view),
      authorised: first?.kind === 'authorise' ? authorisedWallets(first, view) : undefined,
    };
  },
  decide: (command, { wallet, system, allowances, authorised }, view) => {
    const hold = view.hold(command.holdId);
    const points = view.points(command.platformId);
    if (hold === undefined || hold.assetId !== points.assetId || hold.memberId !== command.memberId)
      return refusal(ledgerProblems.hold_not_found());
    if (isFreeze(hold) !== (command.cause === 'dispute'))
      return refusal(ledgerProblems.hold_not_found());
    if (hold.state !== 'held')
      return refusal(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
    // A caller cannot release points that platforms may have acted on.
    if ((authorised !== undefined) !== (command.cause === 'undone'))
      return refusal(ledgerProblems.hold_not_found());
    if (authorised !== undefined) return decideUndo(command, hold, authorised, allowances);
    const overdue = hold.expiresAtMs <= view.nowMs;
    if (command.cause === 'timer' && !overdue)
      return refusal(ledgerProblems.invalid_expiry('The time of this hold is not over.'));
    const portions = portionsOfHold(hold, wallet);
    const amount = leftOf(hold);
    const repaid = repayOutOf(portions, wallet);
    return post({
      legs: [
        {
          kind: 'release',
          memberId: hold.memberId,
          wallet,
          amount,
          relatedId: hold.holdId,
          details: command.details,
          movements: [
            ...setAside(portions, system, amount, -1n),
            ...repaid.movements,
            ...(isFreeze(hold) ? lengthen(hold, repaid.rest, wallet, view) : []),
            ...giveBackAllowances(allowances, (used) => used),
          ],
        },
      ],
      holds: [
        {
          change: 'resolve',
          hold,
          state: overdue ? 'expired' : 'released',
          captured: hold.captured,
        },
      ],
    });
  },
};
