// POST /operator/reviews/{hold_id}/reject: rejects a transfer that a review rule has set aside.

import { ReviewDecisionView } from '../../views/review.ts';
import { defineRoute } from '../define-route.ts';
import { decideReviewAs, ReviewParams, ReviewReason } from '../reviews/decide-review.ts';

export const rejectReview = defineRoute({
  operationId: 'rejectReview',
  method: 'POST',
  url: '/operator/reviews/:hold_id/reject',
  tag: 'operator',
  summary: 'Reject a transfer under review',
  description: 'The points are available again.',
  params: ReviewParams,
  body: ReviewReason,
  answer: ReviewDecisionView,
  problems: ['hold_not_found', 'hold_resolved', 'hold_expired'],
  serve: decideReviewAs('reject'),
});
