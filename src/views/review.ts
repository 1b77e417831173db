// A transfer that a review rule has set aside, as operators see it, and the result of their
// decision.

import { type Static, Type } from 'typebox';
import type { ReviewDecision, WaitingReview } from '../clearing/reviews/reviews.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import type { PostedLeg } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';
import { Points } from './schemas.ts';

/** A transfer that waits for an operator's decision. */
export const ReviewView = Type.Object({
  hold_id: Type.String(),
  platform_id: Type.String(),
  target_platform: Type.String(),
  from_member_id: Type.String(),
  to_member_id: Type.String(),
  amount: Points,
  rule: Type.String(),
  reason: Type.String(),
  category: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
  asked_at: Type.String({
    description: 'RFC 3339; without a decision the points are available again at due_at.',
  }),
  due_at: Type.String({
    description: 'RFC 3339; settings.review_days of the rulebook after asked_at.',
  }),
});
/** The result of an operator's decision on a review. */
export const ReviewDecisionView = Type.Object({
  hold_id: Type.String(),
  status: Type.String({
    description:
      '`completed`, `rejected`, or `pending` when a platform that keeps its points itself is ' +
      'asked now.',
  }),
  transaction_id: Type.String(),
});

/** Shows a transfer that waits for an operator's decision. */
export function describeReview({
  leg,
  source,
  target,
  rule,
  reason,
  category,
  dueAtMs,
}: WaitingReview): Static<typeof ReviewView> {
  return {
    hold_id: formatId('hold', leg.transactionId),
    platform_id: source.platformId ?? '',
    target_platform: target.platformId ?? '',
    from_member_id: leg.memberId,
    to_member_id: leg.counterpartyId ?? leg.memberId,
    amount: toPoints(leg.amount, source),
    rule,
    reason,
    ...(category === undefined ? {} : { category }),
    ...(leg.reference === null ? {} : { reference: leg.reference }),
    asked_at: formatMoment(leg.postedAtMs),
    due_at: formatMoment(dueAtMs),
  };
}

/** Shows the result of a decision; the last argument is the leg that it has posted. */
export function describeReviewDecision(
  holdId: string,
  word: ReviewDecision,
  { kind, transactionId }: Pick<PostedLeg, 'kind' | 'transactionId'>,
): Static<typeof ReviewDecisionView> {
  const status = { approve: 'completed', reject: 'rejected' }[word];
  return {
    hold_id: holdId,
    status: kind === 'authorise' ? 'pending' : status,
    transaction_id: formatId('txn', transactionId),
  };
}
