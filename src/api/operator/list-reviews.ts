// GET /operator/reviews: transfers that a review rule has set aside.

import { Type } from 'typebox';
import { listReviews as listWaiting } from '../../clearing/reviews/reviews.ts';
import { ok } from '../../kernel/problem.ts';
import { describeReview, ReviewView } from '../../views/review.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Query = closed({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when absent.' })),
});

export const listReviews = defineRoute({
  operationId: 'listReviews',
  method: 'GET',
  url: '/operator/reviews',
  tag: 'operator',
  summary: 'Transfers that wait for an operator',
  description: 'Oldest first.',
  query: Query,
  answer: Type.Object({ reviews: Type.Array(ReviewView) }),
  problems: [],
  serve:
    (parts) =>
    async ({ query }) => {
      const waiting = await listWaiting(parts, query.limit ?? 100);
      return ok({ reviews: waiting.map(describeReview) });
    },
});
