// GET /operator/rulebook/history: all versions of the rulebook, newest first: who wrote them, by
// which proposal, from when to when.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeVersions, VersionNumber, VersionsView } from '../../views/rulebook.ts';

const DEFAULT_LIMIT = 50;
const BEFORE_ALL = 2_147_483_647;

const Query = closed({
  before: Type.Optional(VersionNumber),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
export function getRulebookHistory(server: FastifyInstance, { valuation }: ApiParts): void {
  async function list({
    before = BEFORE_ALL,
    limit = DEFAULT_LIMIT,
  }: Static<typeof Query>): Promise<Static<typeof VersionsView>> {
    await valuation.refresh();
    const inForce = valuation.rulebook().version;
    // One more tells whether there is a next page.
    const rows = await valuation.proposals.listVersions(before, limit + 1);
    return describeVersions(rows, limit, inForce);
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/rulebook/history',
    {
      schema: {
        operationId: 'listVersions',
        tags: ['operator'],
        summary: 'Versions of the rulebook',
        description: 'Newest first.',
        querystring: Query,
        response: { 200: VersionsView, ...problemResponses },
      },
    },
    (request) => list(request.query),
  );
}
