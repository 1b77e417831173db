// /operator/reviews: transfers that a review rule has set aside, and the operator's word on them.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { decideReview, listReviews, type ReviewDecision } from '../../clearing/reviews/reviews.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import {
  describeReview,
  describeReviewDecision,
  ReviewDecisionView,
  ReviewView,
} from '../../views/review.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text } from '../schemas.ts';

const Params = closed({ hold_id: Type.String({ pattern: '^hold_[0-9a-f]{32}$' }) });
const Query = closed({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when absent.' })),
});
const Word = closed({ reason: text(200, 'Why; kept with the transaction.') });
const words: Readonly<
  Record<ReviewDecision, { readonly summary: string; readonly description: string }>
> = {
  approve: {
    summary: 'Let a transfer pass',
    description:
      'The transfer is posted at the terms of this moment, under all rules but those that ask ' +
      'for a review. When a platform keeps its points itself, it is asked from then on, as ' +
      'for any transfer.',
  },
  reject: {
    summary: 'Turn a transfer down',
    description: 'The points are available again.',
  },
};

export function reviews(server: FastifyInstance, parts: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/reviews',
    {
      schema: {
        operationId: 'listReviews',
        tags: ['operator'],
        summary: 'Transfers that wait for an operator',
        description: 'Oldest first.',
        querystring: Query,
        response: { 200: Type.Object({ reviews: Type.Array(ReviewView) }), ...problemResponses },
      },
    },
    (request) =>
      listReviews(parts, request.query.limit ?? 100).then((waiting) => ({
        reviews: waiting.map(describeReview),
      })),
  );

  for (const word of ['approve', 'reject'] as const) {
    const { summary, description } = words[word];
    server.post<{ Params: Static<typeof Params>; Body: Static<typeof Word> }>(
      `/operator/reviews/:hold_id/${word}`,
      {
        schema: {
          operationId: `${word}Review`,
          tags: ['operator'],
          summary,
          description,
          params: Params,
          body: Word,
          response: { 200: ReviewDecisionView, ...problemResponses },
        },
      },
      async (request, reply) => {
        const { hold_id: holdId } = request.params;
        const decided = await decideReview(
          parts,
          holdId,
          word,
          operatorOf(request).operatorId,
          request.body.reason,
        );
        return decided.ok
          ? describeReviewDecision(holdId, word, decided.value)
          : answerProblem(request, reply, decided.problem);
      },
    );
  }
}
