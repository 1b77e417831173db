// /operator/reviews: transfers that a review rule has set aside, and the operator's word on them.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import {
  decideReview,
  listReviews,
  type ReviewWord,
  type WaitingReview,
} from '../../clearing/reviews/reviews.ts';
import { formatId } from '../../kernel/ids.ts';
import { toPoints } from '../amounts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, Points, problemResponses, text } from '../schemas.ts';

const ReviewView = Type.Object({
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
    description: 'RFC 3339; without an answer the points are free again at due_at.',
  }),
  due_at: Type.String({
    description: 'RFC 3339; settings.review_days of the rulebook after it was asked for.',
  }),
});
const Params = closed({ hold_id: Type.String({ pattern: '^hold_[0-9a-f]{32}$' }) });
const Query = closed({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when absent.' })),
});
const Word = closed({ reason: text(200, 'Why; kept with the transaction.') });
const Answer = Type.Object({
  hold_id: Type.String(),
  status: Type.String({
    description:
      '`completed`, `rejected`, or `pending` when a platform that keeps its points itself is ' +
      'asked now.',
  }),
  transaction_id: Type.String(),
});

const words: Readonly<
  Record<
    ReviewWord,
    { readonly status: string; readonly summary: string; readonly description: string }
  >
> = {
  approve: {
    status: 'completed',
    summary: 'Let a transfer pass',
    description:
      'The transfer is posted at the terms of this moment, under all rules but those that ask ' +
      'for a review. When a platform keeps its points itself, it is asked from then on, as ' +
      'for any transfer.',
  },
  reject: {
    status: 'rejected',
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
        reviews: waiting.map(describe),
      })),
  );

  for (const word of ['approve', 'reject'] as const) {
    const { status, summary, description } = words[word];
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
          response: { 200: Answer, ...problemResponses },
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
        if (!decided.ok) return answerProblem(request, reply, decided.problem);
        const { kind, transactionId } = decided.value;
        return {
          hold_id: holdId,
          status: kind === 'authorise' ? 'pending' : status,
          transaction_id: formatId('txn', transactionId),
        };
      },
    );
  }
}

function describe({
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
    asked_at: new Date(leg.postedAtMs).toISOString(),
    due_at: new Date(dueAtMs).toISOString(),
  };
}
