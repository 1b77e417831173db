// Shared by the routes of reviews: the id of a review, and the work of both decisions.

import { type Static, Type } from 'typebox';
import { decideReview, type ReviewDecision } from '../../clearing/reviews/reviews.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { describeReviewDecision, type ReviewDecisionView } from '../../views/review.ts';
import type { ByOperator } from '../define-route.ts';
import type { ApiParts } from '../parts.ts';
import { closed, text } from '../../views/schemas.ts';

/** Path parameters of a review: the hold of the transfer. */
export const ReviewParams = closed({ hold_id: Type.String({ pattern: '^hold_[0-9a-f]{32}$' }) });
/** Body of a decision on a review. */
export const ReviewReason = closed({ reason: text(200, 'The reason; kept with the transaction.') });

interface Call extends ByOperator {
  readonly params: Static<typeof ReviewParams>;
  readonly body: Static<typeof ReviewReason>;
}

/** Returns the work of approving or rejecting a review. */
export function decideReviewAs(decision: ReviewDecision) {
  return (parts: ApiParts) =>
    async ({
      operator,
      params: { hold_id: holdId },
      body,
    }: Call): Promise<Result<Static<typeof ReviewDecisionView>>> => {
      const { operatorId } = operator;
      const decided = await decideReview(parts, holdId, decision, operatorId, body.reason);
      return decided.ok ? ok(describeReviewDecision(holdId, decision, decided.value)) : decided;
    };
}
