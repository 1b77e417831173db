// A hold as it is once a plan has been carried out. Pure.

import type { HoldPlan } from './plan.ts';
import type { Hold, PostedLeg } from './types.ts';

/** A hold as it is once the plan is carried out by that transaction. */
export function holdAfter(
  plan: HoldPlan,
  { transactionId, bucket }: Pick<PostedLeg, 'transactionId' | 'bucket'>,
): Hold {
  switch (plan.change) {
    case 'resolve':
      return {
        ...plan.hold,
        state: plan.state,
        captured: plan.captured,
        resolvedBy: transactionId,
      };
    case 'take':
      return { ...plan.hold, captured: plan.captured };
    case 'create':
      return {
        holdId: transactionId,
        bucket,
        memberId: plan.memberId,
        assetId: plan.wallet.assetId,
        amount: plan.amount,
        captured: 0n,
        state: 'held',
        expiresAtMs: plan.expiresAtMs,
        accountIds: plan.portions.map(({ lot }) => lot.accountId),
        amounts: plan.portions.map(({ amount }) => amount),
        resolvedBy: null,
        frozenFor: plan.frozen?.for ?? null,
        frozenAtMs: plan.frozen?.atMs ?? null,
      };
  }
}
