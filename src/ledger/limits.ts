// Asking the rules inside a decision: the facts of a command, and drawing on the allowances of the
// limits that apply. Pure. An allowance is an account: allowance −use, used +use. What is left of
// it can never be passed by two at once.

import { networkOwnerId, type Bucket, type TransactionId } from '../kernel/ids.ts';
import type { Facts, LimitUse, OperationName } from '../valuation/valuation.ts';
import { accountOf, headroom, postedBalance } from './account.ts';
import { move, refusal, type Decision, type Movement } from './plan.ts';
import type { Command } from './types.ts';
import type { View } from './view.ts';

const NO_TAGS: readonly string[] = [];

/** What the rules may know of a command. */
export function factsOf(
  command: Command,
  operation: OperationName,
  amount: bigint,
  view: Pick<View, 'nowMs'>,
): Facts {
  return {
    operation,
    amount,
    source: command.platformId,
    target: command.kind === 'transfer' ? command.targetPlatformId : command.platformId,
    memberId: command.memberId,
    category: command.category ?? '',
    tags: command.tags ?? NO_TAGS,
    reward: command.kind === 'redeem' ? (command.rewardId ?? '') : '',
    atMs: view.nowMs,
  };
}

/**
 * The movements that use up allowances in the debited member's bucket, or why they cannot be made.
 */
export function drawAllowances(
  limits: readonly LimitUse[],
  bucket: Bucket,
  view: View,
): readonly Movement[] | Decision {
  const movements: Movement[] = [];
  for (const limit of limits) {
    const wallet = view.wallet(bucket, limit.ownerId, limit.assetId);
    const account = accountOf(wallet, limit.shared ? 'shared_allowance' : 'allowance', limit.until);
    if (limit.shared) {
      if (headroom(account) < limit.use) {
        return {
          type: 'short',
          shortage: { account, need: limit.use, cap: limit.maximum, otherwise: limit.otherwise },
        };
      }
    } else if (limit.use - postedBalance(account) > limit.maximum) {
      return refusal(limit.otherwise);
    }
    movements.push(
      { account, amount: -limit.use, layer: 'p' },
      move(view.wallet(bucket, networkOwnerId(), limit.assetId), 'used', limit.use),
    );
  }
  return movements;
}

/** True for movements, false for the decision that there are none. */
export function isDrawn(made: readonly Movement[] | Decision): made is readonly Movement[] {
  return Array.isArray(made);
}

/**
 * What a transaction drew is allowed again, as far as `share` says; what belongs to a period that
 * is over matters to nobody.
 */
export function giveBackAllowances(
  transactionId: TransactionId,
  share: (used: bigint) => bigint,
  view: View,
): Movement[] {
  return view.allowances(transactionId).flatMap(({ bucket, accountId, ownerId, assetId, used }) => {
    const account = view
      .wallet(bucket, ownerId, assetId)
      .others.find((candidate) => candidate.accountId === accountId);
    const back = share(used);
    if (account === undefined || back === 0n) return [];
    return [
      { account, amount: back, layer: 'p' as const },
      move(view.wallet(bucket, networkOwnerId(), assetId), 'used', -back),
    ];
  });
}
