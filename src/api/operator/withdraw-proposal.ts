// POST /operator/proposals/{proposal_id}/withdraw: takes back a proposal of one's own, or calls off
// a version that is scheduled.

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

export function postProposalWithdraw(server: FastifyInstance, { valuation }: ApiParts): void {
  server.post<{ Params: Static<typeof ProposalParams>; Body: Static<typeof DecisionBody> }>(
    '/operator/proposals/:proposal_id/withdraw',
    {
      schema: {
        operationId: 'withdrawProposal',
        tags: ['operator'],
        summary: 'Withdraw a proposal',
        description:
          'An open one by the operator who made it; an approved one by any operator, while ' +
          'its version waits and no later one is built on it.',
        params: ProposalParams,
        body: DecisionBody,
        response: { 200: ProposalView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { proposal_id: proposalId } = request.params;
      const decided = await valuation.proposals.withdraw({
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
