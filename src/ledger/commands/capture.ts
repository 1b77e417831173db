// Capture: spends what a hold has set aside; what is not captured is available again. Pure. Row of
// `commands.ts`.

import type { TransactionId } from '../../kernel/ids.ts';
import { isFreeze } from '../freezes.ts';
import { allowanceWallets, giveBackAllowances, type AllowanceWallets } from '../limits.ts';
import {
  debit,
  firstOf,
  move,
  portionsOfHold,
  post,
  refusal,
  repayOutOf,
  restOf,
  setAside,
} from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { PostedLeg } from '../types.ts';
import { systemWallet } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

/** Spends what a hold set aside; what is not captured goes back. */
export interface CaptureCommand extends CommandBase {
  readonly kind: 'capture';
  readonly holdId: TransactionId;
  /** The whole hold when absent. */
  readonly amount?: bigint | undefined;
}

interface CaptureWallets extends MemberWallets {
  /** The allowances that the hold drew on. */
  readonly allowances: readonly AllowanceWallets[];
}

/**
 * Undoes the pending movements, then posts member −x, redeemed +x for what is captured; the rest is
 * available again.
 */
export const capture: LedgerCommand<
  CaptureCommand,
  CaptureWallets,
  'hold' | 'original' | 'allowances'
> = {
  hostedOnly: () => false,
  states: ({ holdId, amount }) => [holdId, amount?.toString()],
  reads: ({ holdId }) => ({ hold: holdId, original: holdId, allowances: holdId }),
  wallets: ({ memberId, platformId, holdId }, view) => {
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
      allowances: allowanceWallets(holdId, view),
    };
  },
  decide: (command, { wallet, system, allowances }, view) => {
    const hold = view.hold(command.holdId);
    const points = view.points(command.platformId);
    if (
      hold === undefined ||
      hold.assetId !== points.assetId ||
      hold.memberId !== command.memberId ||
      isFreeze(hold) ||
      isMeant(view.original(command.holdId)[0])
    )
      return refusal(ledgerProblems.hold_not_found());
    if (hold.state === 'expired') return refusal(ledgerProblems.hold_expired());
    if (hold.state !== 'held')
      return refusal(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
    if (hold.expiresAtMs <= view.nowMs) return refusal(ledgerProblems.hold_expired());
    const amount = command.amount ?? hold.amount;
    if (amount > hold.amount) return refusal(ledgerProblems.capture_exceeds_hold());
    const portions = portionsOfHold(hold, wallet);
    return post({
      legs: [
        {
          kind: 'capture',
          memberId: hold.memberId,
          wallet,
          amount,
          relatedId: hold.holdId,
          details: command.details,
          movements: [
            ...setAside(portions, system, hold.amount, -1n),
            ...repayOutOf(restOf(portions, amount), wallet).movements,
            // Last, so that a reversal finds them first.
            ...debit(firstOf(portions, amount)),
            move(system, 'redeemed', amount),
            ...giveBackAllowances(
              allowances,
              (used) => (used * (hold.amount - amount)) / hold.amount,
            ),
          ],
        },
      ],
      holds: [{ change: 'resolve', hold, state: 'captured', captured: amount }],
    });
  },
};

/**
 * True when the points that the row set aside have a receiver already. A review or an authorisation
 * sends them there, or gives them back.
 */
function isMeant(leg: PostedLeg | undefined): boolean {
  if (leg?.kind === 'authorise') return true;
  return leg?.kind === 'hold' && leg.details?.['review'] !== undefined;
}
