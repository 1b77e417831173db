// POST /api/disputes/{dispute_id}/withdraw: the claimant lets the claim go; what is frozen is free
// again.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeDispute, DisputeParams, DisputeView, Words } from '../../views/dispute.ts';

const Body = closed({ description: Words });

export function postWithdraw(server: FastifyInstance, { disputes, ledger }: ApiParts): void {
  server.post<{ Params: Static<typeof DisputeParams>; Body: Static<typeof Body> }>(
    '/api/disputes/:dispute_id/withdraw',
    {
      schema: {
        operationId: 'withdrawDispute',
        tags: ['disputes'],
        summary: 'Withdraw a dispute',
        description: 'By the claimant, at any time before a decision.',
        params: DisputeParams,
        body: Body,
        response: { 200: DisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const moved = await disputes.withdraw(
        request.params.dispute_id,
        callerOf(request).platform.platformId,
        request.body.description,
      );
      return moved.ok
        ? describeDispute(moved.value, ledger, disputes)
        : answerProblem(request, reply, moved.problem);
    },
  );
}
