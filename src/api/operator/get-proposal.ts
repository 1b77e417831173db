// GET /operator/proposals/{proposal_id}: one proposal with what it changes and, while it is open,
// what stands in its way.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { describeProposalNow, ProposalNowView, ProposalParams } from '../../views/rulebook.ts';

export function getProposal(server: FastifyInstance, { valuation }: ApiParts): void {
  server.get<{ Params: Static<typeof ProposalParams> }>(
    '/operator/proposals/:proposal_id',
    {
      schema: {
        operationId: 'getProposal',
        tags: ['operator'],
        summary: 'A proposed change of the rulebook',
        params: ProposalParams,
        response: { 200: ProposalNowView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await valuation.proposals.find(request.params.proposal_id);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      const comesTo =
        found.value.state === 'open'
          ? await valuation.proposals.rulebookOf(found.value)
          : undefined;
      return describeProposalNow(found.value, comesTo?.ok === false ? comesTo.problem : undefined);
    },
  );
}
