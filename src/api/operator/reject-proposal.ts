// POST /operator/proposals/{proposal_id}/reject: refuses a proposal of another operator.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import {
  DecisionBody,
  describeProposal,
  ProposalParams,
  ProposalView,
} from '../../views/rulebook.ts';

export function postProposalReject(server: FastifyInstance, { valuation }: ApiParts): void {
  server.post<{ Params: Static<typeof ProposalParams>; Body: Static<typeof DecisionBody> }>(
    '/operator/proposals/:proposal_id/reject',
    {
      schema: {
        operationId: 'rejectProposal',
        tags: ['operator'],
        summary: 'Reject a proposal',
        description: 'By another operator than the one who made it, who withdraws it instead.',
        params: ProposalParams,
        body: DecisionBody,
        response: { 200: ProposalView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { proposal_id: proposalId } = request.params;
      const decided = await valuation.proposals.reject({
        proposalId,
        operatorId: operatorOf(request).operatorId,
        reason: request.body.reason,
      });
      return decided.ok
        ? describeProposal(decided.value)
        : answerProblem(request, reply, decided.problem);
    },
  );
}
