// POST /api/disputes/{dispute_id}/respond: the word of the side whose turn it is.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeDispute, DisputeParams, DisputeView, Words } from '../../views/dispute.ts';

const Body = closed({
  answer: Type.Enum(['accept', 'contest', 'rebut'], {
    description:
      "accept: the claim stands; contest: it does not; rebut: the claimant's reply to a " +
      'contest, after which an operator decides.',
  }),
  description: Words,
});

export function postRespond(server: FastifyInstance, { disputes, ledger }: ApiParts): void {
  server.post<{ Params: Static<typeof DisputeParams>; Body: Static<typeof Body> }>(
    '/api/disputes/:dispute_id/respond',
    {
      schema: {
        operationId: 'respondToDispute',
        tags: ['disputes'],
        summary: 'Answer in a dispute',
        description:
          'Each side answers once, before its due date: silence of the respondent upholds the ' +
          'claim, silence of the claimant after a contest rejects it. Add evidence first.',
        params: DisputeParams,
        body: Body,
        response: { 200: DisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { answer, description } = request.body;
      const moved = await disputes.respond(
        request.params.dispute_id,
        callerOf(request).platform.platformId,
        answer,
        description,
      );
      return moved.ok
        ? describeDispute(moved.value, ledger, disputes)
        : answerProblem(request, reply, moved.problem);
    },
  );
}
