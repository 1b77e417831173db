// POST /operator/proposals/{proposal_id}/withdraw: takes back a proposal of one's own.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { DecisionBody, describeProposal, ProposalParams, ProposalView } from './describe-rulebook.ts';

export function postProposalWithdraw(server: FastifyInstance, { valuation }: ApiParts): void {
  server.post<{ Params: Static<typeof ProposalParams>; Body: Static<typeof DecisionBody> }>('/operator/proposals/:proposal_id/withdraw', {
    schema: {
      operationId: 'withdrawProposal', tags: ['operator'], summary: 'Withdraw a proposal',
      description: 'By the operator who made it.',
      params: ProposalParams, body: DecisionBody, response: { 200: ProposalView, ...problemResponses },
    },
  }, async (request, reply) => {
    const { proposal_id: proposalId } = request.params;
    const decided = await valuation.proposals.withdraw({ proposalId, operatorId: operatorOf(request).operatorId, reason: request.body.reason });
    return decided.ok ? describeProposal(decided.value) : answerProblem(request, reply, decided.problem);
  });
}
