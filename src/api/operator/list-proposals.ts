// GET /operator/proposals: the proposals, newest first; those of one state when it is named.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { ProposalState } from '../../valuation/valuation.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeProposal, ProposalView } from '../../views/rulebook.ts';

const DEFAULT_LIMIT = 100;

const Query = closed({
  state: Type.Optional(
    Type.Enum(['open', 'approved', 'rejected', 'withdrawn'] satisfies ProposalState[]),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ proposals: Type.Array(ProposalView) });

export function getProposals(server: FastifyInstance, { valuation }: ApiParts): void {
  async function list({
    state,
    limit = DEFAULT_LIMIT,
  }: Static<typeof Query>): Promise<Static<typeof Answer>> {
    const rows = await valuation.proposals.list(state, limit);
    return { proposals: rows.map(describeProposal) };
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/proposals',
    {
      schema: {
        operationId: 'listProposals',
        tags: ['operator'],
        summary: 'Proposed changes of the rulebook',
        description: 'Newest first.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request) => list(request.query),
  );
}
