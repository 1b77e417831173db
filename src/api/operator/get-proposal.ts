// GET /operator/proposals/{proposal_id}: one proposal with what it changes and, while it is open,
// what stands in its way.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import {
  describeChanges,
  describeProposal,
  ProposalParams,
  ProposalWithChanges,
} from '../../views/rulebook.ts';

const Answer = Type.Object({
  ...ProposalWithChanges.properties,
  obstacle: Type.Union([Type.Object({ code: Type.String(), detail: Type.String() }), Type.Null()], {
    description: 'Of an open proposal: why its changes do not fit on the version approved last.',
  }),
});

export function getProposal(server: FastifyInstance, { valuation }: ApiParts): void {
  server.get<{ Params: Static<typeof ProposalParams> }>(
    '/operator/proposals/:proposal_id',
    {
      schema: {
        operationId: 'getProposal',
        tags: ['operator'],
        summary: 'A proposed change of the rulebook',
        params: ProposalParams,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await valuation.proposals.find(request.params.proposal_id);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      const comesTo =
        found.value.state === 'open'
          ? await valuation.proposals.rulebookOf(found.value)
          : undefined;
      const obstacle =
        comesTo === undefined || comesTo.ok
          ? null
          : { code: comesTo.problem.code, detail: comesTo.problem.detail };
      return {
        ...describeProposal(found.value),
        ...describeChanges(found.value.changes),
        obstacle,
      };
    },
  );
}
