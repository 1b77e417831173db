// POST /operator/reviews/{hold_id}/approve: lets a transfer pass that a review rule has set aside.

import { ReviewDecisionView } from '../../views/review.ts';
import { defineRoute } from '../define-route.ts';
import { decideReviewAs, ReviewParams, ReviewReason } from '../reviews/decide-review.ts';

export const approveReview = defineRoute({
  operationId: 'approveReview',
  method: 'POST',
  url: '/operator/reviews/:hold_id/approve',
  tag: 'operator',
  summary: 'Let a transfer pass',
  description:
    'The transfer is posted at the terms of this moment, under all rules but those that ask ' +
    'for a review. When a platform keeps its points itself, it is asked from then on, as ' +
    'for any transfer.',
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
