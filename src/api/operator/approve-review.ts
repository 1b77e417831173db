// POST /operator/reviews/{hold_id}/approve: approves a transfer that a review rule has set aside.

import { ReviewDecisionView } from '../../views/review.ts';
import { defineRoute } from '../define-route.ts';
import { decideReviewAs, ReviewParams, ReviewReason } from '../reviews/decide-review.ts';

export const approveReview = defineRoute({
  operationId: 'approveReview',
  method: 'POST',
  url: '/operator/reviews/:hold_id/approve',
  tag: 'operator',
  summary: 'Approve a transfer under review',
  description:
    'The transfer is posted at the terms of this moment. All rules apply except those that ask ' +
    'for a review. A connected platform is asked from then on, as for any transfer.',
  params: ReviewParams,
  body: ReviewReason,
  answer: ReviewDecisionView,
  problems: [
    'hold_not_found',
    'hold_resolved',
    'hold_expired',
    'operation_denied',
    'limit_exceeded',
    'rule_failed',
    'amount_too_small',
    'insufficient_balance',
    'balance_limit',
    'counter_limit',
    'platform_not_sending',
    'platform_not_receiving',
    'insufficient_reserve',
    'overloaded',
    'platform_unavailable',
  ],
  serve: decideReviewAs('approve'),
});
