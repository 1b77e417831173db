// POST /api/disputes/{dispute_id}/appeal: the claimant asks another operator to look again at what
// was decided against it.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeDispute, DisputeParams, DisputeView, Words } from '../../views/dispute.ts';

const Body = closed({ description: Words });

export function postAppeal(server: FastifyInstance, { disputes, ledger }: ApiParts): void {
  server.post<{ Params: Static<typeof DisputeParams>; Body: Static<typeof Body> }>(
    '/api/disputes/:dispute_id/appeal',
    {
      schema: {
        operationId: 'appealDispute',
        tags: ['disputes'],
        summary: 'Appeal against a decision',
        description:
          'By the claimant, once, until appeal_until of the dispute, over what was not ' +
          'upheld. Answers a dispute of its own (appeal_of), which waits for an operator who ' +
          'had no part ' +
          'in the first decision; what the receiver still has is frozen once more, until its ' +
          'due date. The same description gives the same appeal again.',
        params: DisputeParams,
        body: Body,
        response: { 200: DisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const made = await disputes.appeal(
        request.params.dispute_id,
        callerOf(request).platform.platformId,
        request.body.description,
      );
      if (!made.ok) return answerProblem(request, reply, made.problem);
      if (made.value.replayed) reply.header('idempotency-replayed', 'true');
      return describeDispute(made.value.dispute, ledger, disputes);
    },
  );
}
